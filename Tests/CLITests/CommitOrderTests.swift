import Foundation
import Testing

/// What the kernel is asked for, and in which order, as `strace` sees it.
@Suite("Order of a commit, seen from the kernel")
struct CommitOrderTests {
    private static let strace = "/usr/bin/strace"
    private static let isTraceable = FileManager.default.isExecutableFile(atPath: strace)

    @Test(
        "fsync of a file, its link, fsync of the folder, and last fsync of the database",
        .enabled(if: isTraceable, "needs strace"))
    func order() throws {
        let place = try Workplace()
        let log = place.folder.appending(path: "calls")
        place.pipeline.launcher = [
            Self.strace, "-f", "-y", "-s", "0", "-e", "trace=fsync,fdatasync,link,linkat", "-o", log.path,
        ]
        try place.runLoop(["--until", "m0", "-j", "1"])
        let calls = try TracedCalls(String(contentsOf: log, encoding: .utf8))

        let record = try #require(calls.firstLink(into: "/records/"))
        let object = try #require(calls.firstLink(into: "/objects/") ?? calls.firstLink(into: "/blobs/"))
        #expect(object < record)
        for link in [object, record] {
            let (source, target) = calls.names(at: link)
            let synchronised = try #require(calls.first("fsync", of: source, from: 0))
            let folder = URL(filePath: target).deletingLastPathComponent().path
            let durable = try #require(calls.first("fsync", of: folder, from: link))
            #expect(synchronised < link && link < durable)
            if link == object { #expect(durable < record) }
        }
        let (_, target) = calls.names(at: record)
        let folder = URL(filePath: target).deletingLastPathComponent().path
        let durable = try #require(calls.first("fsync", of: folder, from: record))
        let index = place.folder.appending(path: "artifacts/index.sqlite").resolvingSymlinksInPath().path
        let database = try #require(calls.firstSync(of: index, from: record))
        #expect(durable < database)
    }
}

/// The calls that a process and its threads made, in the order in which they returned.
private struct TracedCalls {
    private var calls: [String] = []

    init(_ text: String) {
        var unfinished: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            let thread = line.prefix { $0.isNumber }
            let call = line.dropFirst(thread.count).drop { $0 == " " }
            if let range = call.range(of: " <unfinished ...>") {
                unfinished[thread] = call[..<range.lowerBound]
            } else if call.hasPrefix("<... ") {
                calls.append(String(unfinished[thread] ?? ""))
            } else {
                calls.append(String(call))
            }
        }
    }

    /// The first call of `link` that gives a name below `folder`.
    func firstLink(into folder: String) -> Int? {
        calls.firstIndex { $0.hasPrefix("link") && $0.contains(folder) }
    }

    /// The old and the new name of the link at `position`.
    func names(at position: Int) -> (source: String, target: String) {
        let quoted = calls[position].split(separator: "\"", omittingEmptySubsequences: false)
        return quoted.count > 3 ? (String(quoted[1]), String(quoted[3])) : ("", "")
    }

    /// The first call of `name` for the open file `path`.
    func first(_ name: String, of path: String, from position: Int) -> Int? {
        calls[position...].firstIndex { $0.hasPrefix("\(name)(") && $0.contains("<\(path)>") }
    }

    /// SQLite uses `fdatasync` where there is one.
    func firstSync(of path: String, from position: Int) -> Int? {
        [first("fsync", of: path, from: position), first("fdatasync", of: path, from: position)].compactMap(\.self)
            .min()
    }
}
