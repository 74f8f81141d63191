/// Something in a store that is not as it should be.
public struct StoreProblem: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A result names a file that is not there.
        case missing
        /// A file does not hold what its name says, or says of others what is not so.
        case damaged
        /// A record answers a key that does not follow from what it says was hashed: it was changed, or made up.
        case misfiled
        /// A file could not be read, for a reason that need not be its own: permissions, too many open files.
        case unreadable
        /// The index and the record files do not tell the same of a result.
        case dangling
        /// A file that no result names: left by an attempt that died, or part of one under way. It only takes space.
        case orphaned
    }

    /// The `path` of the index.
    public static let index = "index.sqlite"

    public let kind: Kind
    /// Relative to the store.
    public let path: String
    public let reason: String
    /// The results that need the file, as `stage.port`; sorted.
    public let names: [String]

    public init(_ kind: Kind, path: String, reason: String, names: [String] = []) {
        self.kind = kind
        self.path = path
        self.reason = reason
        self.names = names
    }
}

/// How much of the stored data a verification reads.
public enum VerifiedShare: Sendable, Equatable {
    /// Names, sizes and the index alone.
    case none
    /// A random choice of the files, this share of them.
    case some(Double)
    case all
}

/// What a verification looked at and found.
public struct StoreReport: Sendable {
    public internal(set) var problems: [StoreProblem] = []
    public internal(set) var records = 0
    public internal(set) var objects = 0
    public internal(set) var blobs = 0
    /// Files read whole, and their bytes on the disk.
    public internal(set) var filesRead = 0
    public internal(set) var bytesRead = 0

    /// Whether every result is what its record says. Orphans take nothing from that.
    public var isSound: Bool { problems.allSatisfy { $0.kind == .orphaned } }
}
