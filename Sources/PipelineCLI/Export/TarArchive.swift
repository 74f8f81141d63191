internal import Foundation

/// A tar file, written and read by the system's own `tar`.
struct TarArchive {
    let path: String

    /// Bytes of a block of the format.
    private static let block = 512
    private static let program = "/bin/tar"
    /// Equal content gives an equal file, whoever writes it and when.
    private static let reproducible = [
        "--format=posix", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=0644",
        "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
    ]

    /// Writes files of several folders, each by its path there.
    /// - Throws: `CommandError.archive`, having left no file.
    func write(_ contents: [(folder: URL, files: [String])]) throws {
        var arguments = ["--create", "--force-local", "--file=" + path] + Self.reproducible + ["--no-recursion"]
        let list = FileManager.default.temporaryDirectory.appending(path: "tar-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: list, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: list) }
        for (number, content) in contents.enumerated() {
            let names = list.appending(path: "\(number)")
            try Data(content.files.joined(separator: "\0").utf8).write(to: names)
            arguments += [
                "--directory=" + content.folder.standardizedFileURL.path(percentEncoded: false), "--null",
                "--verbatim-files-from", "--files-from=" + names.path(percentEncoded: false),
            ]
        }
        do {
            try run(arguments)
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    /// Unpacks it into `folder`, which is empty, and makes sure that nothing but files and folders is in it.
    /// - Throws: `CommandError.truncatedArchive`, `.archive`.
    func unpack(into folder: URL) throws {
        try checkEnd()
        try run([
            "--extract", "--force-local", "--file=" + path, "--directory=" + folder.path(percentEncoded: false),
            "--no-same-owner",
            "--no-same-permissions", "--keep-old-files",
        ])
        try checkPlain(folder)
    }

    /// Every tar file ends in two blocks of zeros. One that was cut short between two of its files would else be taken
    /// for a whole one.
    private func checkEnd() throws {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? file.close() }
        let first = try file.read(upToCount: Self.block) ?? Data()
        // Compressed archives are told by 'tar' itself.
        guard first.count == Self.block, first[257..<262] == Data("ustar".utf8) else { return }
        let size = Int(try file.seekToEnd())
        let mark = 2 * Self.block
        try file.seek(toOffset: UInt64(max(0, size - mark)))
        let end = try file.read(upToCount: mark) ?? Data()
        guard size.isMultiple(of: Self.block), end.count == mark, end.allSatisfy({ $0 == 0 }) else {
            throw CommandError.truncatedArchive(path, bytes: size)
        }
    }

    /// Makes every folder below `folder` ours to read and remove, and refuses anything but folders and files in them.
    private func checkPlain(_ folder: URL) throws {
        let manager = FileManager.default
        try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path(percentEncoded: false))
        for name in try manager.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) {
            let item = folder.appending(path: name)
            switch try manager.attributesOfItem(atPath: item.path(percentEncoded: false))[.type] as? FileAttributeType
            {
            case .typeRegular: continue
            case .typeDirectory: try checkPlain(item)
            default: throw CommandError.archive(path, reason: "it holds '\(name)', which is no plain file")
            }
        }
    }

    private func run(_ arguments: [String]) throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw CommandError.archive(path, reason: "the program 'tar' is not installed")
        }
        let process = Process()
        process.executableURL = URL(filePath: Self.program)
        process.arguments = arguments
        process.environment = ["LC_ALL": "C", "PATH": "/usr/bin:/bin"]
        let said = Pipe()
        process.standardError = said
        try process.run()
        let text = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let reason =
                text.split(separator: "\n").first.map(String.init) ?? "tar ended with \(process.terminationStatus)"
            throw CommandError.archive(path, reason: reason)
        }
    }
}
