public import Artifacts

/// Whether a stage's result is at hand, and if not, why.
public enum CacheDecision: Sendable, Equatable {
    case hit
    case miss(MissReason)
}

/// Why a stage has to run.
public enum MissReason: Sendable, Equatable {
    case neverRan
    /// - Parameter path: the parameter, dots between levels.
    case parameterChanged(path: String, old: JSONValue?, new: JSONValue?)
    /// - Parameters old, new: content digests; several for a port that takes a list, none where it was not connected.
    case inputChanged(port: String, old: [ContentDigest], new: [ContentDigest])
    case seedChanged(old: JSONValue?, new: JSONValue?)
    case stageVersionChanged(old: JSONValue?, new: JSONValue?)
    case numericsChanged(old: JSONValue?, new: JSONValue?)
    case saltChanged(old: JSONValue?, new: JSONValue?)
    /// The result is recorded, but the artifact of `port` is not in the store.
    case outputMissing(port: String)
    /// The result is recorded, but the file of `port` has another size.
    case outputDamaged(port: String)
    /// The user asked for it to run.
    case forced
    /// The pipeline file says `cache: false`.
    case cachingOff
}
