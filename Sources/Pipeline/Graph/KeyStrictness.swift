public import Artifacts

/// What a user wants results kept apart by beyond what a key always holds. Nothing, unless asked for: then a store can
/// be continued on another machine, and by another build of the program.
public struct KeyStrictness: Sendable, Equatable {
    /// The processor and the kernels that compute (`--strict-numerics`). It enters the keys of float work alone.
    public var machine: String?
    /// The digest of the program (`--strict-code`). It enters every key.
    public var code: ContentDigest?

    public init(machine: String? = nil, code: ContentDigest? = nil) {
        self.machine = machine
        self.code = code
    }
}
