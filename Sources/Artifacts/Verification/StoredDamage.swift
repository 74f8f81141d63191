/// A file that is not what it should be, as an error tells of it.
public struct StoredDamage: Sendable, Equatable {
    public let path: String
    /// What is wrong with it, without a remedy: `it hashes to 'ab12…'`.
    public let reason: String
    /// There is no such file any more.
    public let isMissing: Bool

    init(path: String, reason: String, isMissing: Bool = false) {
        self.path = path
        self.reason = reason
        self.isMissing = isMissing
    }
}

extension ArtifactError {
    /// The file that the error finds damaged or missing; nil where it is about something else.
    ///
    /// A row that does not fit the type it is read as is none: its bytes are those that were written.
    public var damage: StoredDamage? {
        switch self {
        case .damagedFile(let path, let reason):
            StoredDamage(path: path, reason: reason)
        case .digestMismatch(let path, _, let found):
            StoredDamage(path: path, reason: "it hashes to '\(found.short)'")
        case .missingObject(let path):
            StoredDamage(path: path, reason: "it is missing", isMissing: true)
        case .wrongSize(let path, let expected, let found):
            StoredDamage(path: path, reason: "it has \(found) bytes, not \(expected)")
        default: nil
        }
    }
}

/// What a file of the store is to a result.
public enum ResultFile: Sendable, Equatable {
    /// The artifact at an output port.
    case output(port: String)
    /// A blob that rows of an output name.
    case blob(ContentDigest)
}

extension ArtifactStore {
    /// Whether `path` is where an object or a blob of this store lies, or would lie.
    public func isContent(_ path: String) -> Bool { layout.content(at: path) != nil }

    /// What the file at `path` is to the result of `record`; nil where it is no part of it.
    public func role(of path: String, in record: StageRecord) -> ResultFile? {
        let ports = record.outputs.keys.sorted()
        if let port = ports.first(where: { record.outputs[$0].map(layout.path(of:)) == path }) {
            return .output(port: port)
        }
        return record.blobs.first { layout.blob($0) == path }.map { .blob($0) }
    }

    /// Moves the object or blob at `path` to `quarantine/` where it is not what its name says, so that nothing is lost
    /// with it and the stage that made it can make it again.
    ///
    /// To be called under the claim of that stage's key, so that two processes do not heal one file at once.
    /// - Returns: where it lies now, relative to the store; nil where it is missing, or sound after all.
    @discardableResult
    public func putAside(_ path: String) throws -> String? {
        try Quarantine(layout: layout).takeIfDamaged(path)
    }
}

extension StoreLayout {
    /// The digest that the file at `path` has its name from; nil where it is no object and no blob.
    func content(at path: String) -> ContentDigest? {
        guard let digest = ContentDigest(hex: Folder.name(of: path).prefix(64)) else { return nil }
        return path == object(digest) || path == blob(digest) ? digest : nil
    }
}
