import Foundation
import Testing

extension SmokeLoop {
    /// A file system of a few megabytes in memory, mounted where only the program under test sees it.
    @Suite("A small disk that is really full", .enabled(if: SmallDisk.isPermitted, "\(SmallDisk.absence)"))
    struct SmallDiskTests {
        @Test(
            "a run fails with the remedy; with more space it goes on and ends as it should have",
            arguments: [1, 2, 3])
        func fills(megabytes: Int) throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            let said = try SmallDisk(place: place, megabytes: megabytes).run()
            #expect(said.first.status == 1, "\(said.first.stderr)")
            #expect(
                said.first.stderr.contains("no space left on device; free some space and run again"),
                "\(said.first.stderr)")
            #expect(said.damage.status == 0 || said.damage.stdout.contains(" file"), "\(said.damage.stdout)")
            #expect(!said.damage.stdout.contains("damaged") && !said.damage.stdout.contains("missing"))
            #expect(said.second.status == 0, "\(said.second.stderr)")
            // What was done before the disk was full is not done again.
            let (before, after) = (try LoopReport(said.first), try LoopReport(said.second))
            #expect(before.ran.isSubset(of: after.cached) && after.cached.union(after.ran).count == stageCount)
            let listed = try #require(try said.listed.json()["artifacts"] as? [[String: Any]])
            for artifact in listed {
                let name = try #require(artifact["name"] as? String)
                #expect(artifact["digest"] as? String == finished.digests[name], "\(name)")
            }
            #expect(said.verified.status == 0, "\(said.verified.stdout)")
        }
    }
}

private struct SmallDisk {
    struct Said {
        let first, damage, second, verified, listed: Binary.Result
    }

    let place: Workplace
    let megabytes: Int

    static let absence = "file systems cannot be mounted here"

    /// Whether this user may mount a file system in a name space of its own.
    static let isPermitted: Bool = {
        guard let place = try? Workplace() else { return false }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = mount(place.folder.path, "true")
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    private static func mount(_ folder: String, size: Int = 1, _ script: String) -> [String] {
        let mounted = "mount -t tmpfs -o size=\(size)m tmpfs '\(folder)' && { \(script)\n}"
        return ["unshare", "--mount", "--map-root-user", "/bin/sh", "-c", mounted]
    }

    /// Runs the loop on the full disk, looks at the store, makes the disk larger and runs again. The whole is one command,
    /// since the disk is gone with it.
    func run() throws -> Said {
        let disk = place.folder.appending(path: "disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        var pipeline = place.pipeline
        let store = "--store '\(disk.path)/store'"
        func step(_ name: String, _ command: String) -> String {
            "\"$0\" \(command) \(store) >\(name).out 2>\(name).err; echo $? >\(name).status"
        }
        let loop = "run '\(SmokeLoop.file)' --json"
        let script = [
            step("first", loop), step("damage", "verify --read-data"),
            "mount -o remount,size=200m '\(disk.path)'", step("second", loop),
            step("verified", "verify --read-data"), step("listed", "artifacts ls --json"),
        ].joined(separator: "\n")
        pipeline.launcher = ["/usr/bin/env"] + Self.mount(disk.path, size: megabytes, script)
        try pipeline.run([]).requireSuccess()
        return Said(
            first: try result("first"), damage: try result("damage"), second: try result("second"),
            verified: try result("verified"), listed: try result("listed"))
    }

    private func result(_ name: String) throws -> Binary.Result {
        func text(_ ending: String) throws -> String {
            try String(contentsOf: place.folder.appending(path: "\(name).\(ending)"), encoding: .utf8)
        }
        let status = try #require(Int32(text("status").trimmingCharacters(in: .whitespacesAndNewlines)))
        return Binary.Result(status: status, stdout: try text("out"), stderr: try text("err"))
    }
}
