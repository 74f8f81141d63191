public import Foundation

/// A word of the user that a result is to stay, whatever became of the runs that used it.
///
/// Written as `pins/<first 12 digits of the digest of its name>.json`.
public struct StorePin: Codable, Sendable, Equatable {
    static let schema = RecordSchema("pin", version: 1)

    /// What was pinned, as the user called it: `m3.model`, or the path of a lockfile.
    public var name: String
    /// The results that stay, with all that they were made from.
    public var keys: [ContentDigest]
    /// The lockfile that demands them; nil for a pin by hand. A pin without its lockfile holds nothing.
    public var lockfile: String?
    public var note: String
    /// ISO 8601 in UTC.
    public var createdAt: String

    public init(
        name: String, keys: [ContentDigest], lockfile: String? = nil, note: String = "",
        createdAt: String = Date.now.formatted(.iso8601)
    ) {
        self.name = name
        self.keys = keys
        self.lockfile = lockfile
        self.note = note
        self.createdAt = createdAt
    }
}

extension ArtifactStore {
    /// Keeps what `pin` names from being collected; a pin of the same name is replaced.
    public func pin(_ pin: StorePin) throws {
        guard case .object(var members) = try CanonicalJSON.value(of: pin) else { return }
        members["schema"] = .string(StorePin.schema.description)
        let text = try CanonicalJSON.text(.object(members)) + "\n"
        // Who collects just now must not miss it.
        let lock = try sharedLock()
        defer { withExtendedLifetime(lock) {} }
        try RecordFile.write(text, to: layout.pin(pin.name), in: layout)
    }

    /// Lets go of what the pin of that name held.
    /// - Returns: whether there was one.
    public func unpin(_ name: String) throws -> Bool {
        guard try FileStatus(path: layout.pin(name)) != nil else { return false }
        try Folder.removeFile(layout.pin(name))
        try FileSystem.synchroniseFolder(layout.pins)
        return true
    }

    /// All pins, by name.
    /// - Throws: `ArtifactError.damagedFile` for one that cannot be read: what it holds is not known then.
    public func pins() throws -> [StorePin] {
        try Folder.names(in: layout.pins).filter { $0.hasSuffix(".json") }.map { name in
            let path = "\(layout.pins)/\(name)"
            do {
                let value = try CanonicalJSON.parse(ReadableFile.contents(of: path))
                guard value["schema"]?.stringValue == StorePin.schema.description else {
                    throw ArtifactError.damagedFile(path: path, reason: "it is not a pin of this version")
                }
                return try CanonicalJSON.decode(StorePin.self, from: value)
            } catch let error as ArtifactError {
                switch error {
                case .malformedJSON, .wrongShape:
                    throw ArtifactError.damagedFile(path: path, reason: "\(error)")
                default: throw error
                }
            }
        }.sorted { $0.name < $1.name }
    }
}

extension StoreLayout {
    var pins: String { root + "/pins" }

    /// Named by a digest, since a pin may be called after a path.
    func pin(_ name: String) -> String { "\(pins)/\(ContentDigest(hashing: Array(name.utf8)).short).json" }
}
