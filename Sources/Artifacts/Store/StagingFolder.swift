public import Foundation

/// The finished pieces of a stage that is under way: shards, training checkpoints.
///
/// It outlives the process that filled it, and the next one to claim the key finds it again. A piece counts only once
/// its ok-file names it, and is handed out only if its digest still agrees. Used under the claim of its key.
public struct StagingFolder: Sendable {
    /// Rows, or bytes, of a published piece.
    public struct Piece: Codable, Hashable, Sendable {
        /// The file in the folder; a new one at each publication, so that the old piece stays whole until replaced.
        var file: String
        public var sha256: ContentDigest
        public var bytes: Int
    }

    let path: String
    private static let okSuffix = ".ok.json"

    init(path: String) throws {
        self.path = path
        try Folder.create(path)
        try TemporaryFile.sweep(path)
    }

    /// A folder for what need not survive; it may hold leftovers of an earlier attempt.
    public func scratch() throws -> URL {
        let folder = path + "/scratch"
        try Folder.create(folder)
        return URL(filePath: folder, directoryHint: .isDirectory)
    }

    /// Writes the piece `name`, durably, in the place of an earlier one of that name.
    ///
    /// A death at any instant leaves either the old piece or the new one. The bytes are hashed as they are
    /// written and not read again.
    @discardableResult
    public func publish(_ name: String, write: (StagedWriter) throws -> Void) throws -> Piece {
        try Self.check(name)
        let writer = StagedWriter(file: try TemporaryFile(in: path))
        try write(writer)
        return try publish(name, file: writer.file, digest: writer.digest)
    }

    /// The file of the piece `name`, after reading it all and comparing its digest; nil where there is none that is
    /// sound.
    public func open(_ name: String) throws -> URL? {
        try Self.check(name)
        guard let piece = piece(name) else { return nil }
        let file = path + "/" + piece.file
        guard try FileStatus(path: file)?.size == piece.bytes, try ReadableFile(path: file).digest() == piece.sha256
        else { return nil }
        return URL(filePath: file, directoryHint: .notDirectory)
    }

    /// Writes `rows` as the piece `name`, in the form of an artifact.
    public func publish<R: Record>(rows: [R], as name: String) throws {
        try Self.check(name)
        let writer = try RowFileWriter(in: path)
        for row in rows { try writer.append(CanonicalJSON.value(of: row)) }
        _ = try writer.finish(schema: R.schema.description)
        try publish(name, file: writer.file, digest: ReadableFile(path: writer.file.path).digest())
    }

    /// The rows of the piece `name`; nil where there is none that is sound.
    public func rows<R: Record>(_ name: String, as type: R.Type) throws -> [R]? {
        guard let url = try open(name) else { return nil }
        let file = try RowFile(path: url.path)
        var rows: [R] = []
        try file.forEachLine { row, line in
            rows.append(try RowDecoding.record(type, row: row, line: line, path: file.path))
        }
        return rows
    }

    /// The names of the published pieces, sorted; their digests are not checked.
    public func names() throws -> [String] {
        try Folder.names(in: path).filter { $0.hasSuffix(Self.okSuffix) }.map {
            String($0.dropLast(Self.okSuffix.count))
        }
    }

    /// Removes the piece `name`, if there is one.
    public func remove(_ name: String) throws {
        try Self.check(name)
        let old = piece(name)
        try Folder.removeFile(okFile(name))
        if let old { try Folder.removeFile(path + "/" + old.file) }
    }

    /// Removes the folder and all that is in it.
    public func discard() throws { try Folder.removeTree(path) }

    @discardableResult
    private func publish(_ name: String, file: TemporaryFile, digest: ContentDigest) throws -> Piece {
        let old = piece(name)
        let new = Piece(file: "\(name)@\(digest.short)", sha256: digest, bytes: file.count)
        try file.replace(path + "/" + new.file)
        FileSystem.reach(.staged)
        let ok = try TemporaryFile(in: path)
        try ok.write(CanonicalJSON.encode(encodable: new))
        // This is the moment at which the new piece takes the place of the old one.
        try ok.replace(okFile(name))
        if let old, old.file != new.file { try Folder.removeFile(path + "/" + old.file) }
        return new
    }

    /// What the ok-file says; nil where it is missing or damaged, since the piece is then made again.
    private func piece(_ name: String) -> Piece? {
        guard let bytes = try? ReadableFile.contents(of: okFile(name)), let value = try? CanonicalJSON.parse(bytes),
            let piece = try? CanonicalJSON.decode(Piece.self, from: value), piece.file.hasPrefix(name + "@"),
            !piece.file.contains("/")
        else { return nil }
        return piece
    }

    private func okFile(_ name: String) -> String { path + "/" + name + Self.okSuffix }

    private static func check(_ name: String) throws { try FileName.check(name, what: "a staged piece") }
}

/// Takes the bytes of a staged piece. Used from one task.
public final class StagedWriter {
    let file: TemporaryFile
    private var content = DigestStream()

    init(file: TemporaryFile) { self.file = file }

    /// Bytes written so far.
    public var count: Int { file.count }

    var digest: ContentDigest { content.finalize() }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        try file.write(bytes)
        content.update(bytes)
    }

    public func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }
}

enum FileName {
    /// - Throws: `ArtifactError.invalidName` for a name that could leave its folder or clash with ours.
    static func check(_ name: String, what: String) throws {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
            default: false
            }
        }
        let first = name.utf8.first ?? UInt8(ascii: ".")
        let beginsWell = ![UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(first)
        guard isPlain, beginsWell, name.utf8.count <= 128 else { throw ArtifactError.invalidName(name, what: what) }
    }
}
