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
    /// - Parameters:
    ///   - old: content digests; several for a port that takes a list, none where it was not connected.
    case inputChanged(port: String, old: [ContentDigest], new: [ContentDigest])
    case seedChanged(old: JSONValue?, new: JSONValue?)
    case stageVersionChanged(old: JSONValue?, new: JSONValue?)
    case numericsChanged(old: JSONValue?, new: JSONValue?)
    case saltChanged(old: JSONValue?, new: JSONValue?)
    /// The digest of the program; nil where a key does not hold it.
    case codeChanged(old: JSONValue?, new: JSONValue?)
    /// The result is recorded, but a file of it is not in the store; `port` is nil for a blob that its rows name.
    case outputMissing(port: String?)
    /// The result is recorded, but a file of it has another size.
    case outputDamaged(port: String?)
    /// The user asked for it to run.
    case forced
    /// The pipeline file says `cache: false`.
    case cachingOff
    /// The pipeline file says `cache: {read: false}`.
    case readingOff
}

extension CacheDecision: CustomStringConvertible {
    public var description: String {
        switch self {
        case .hit: "unchanged"
        case .miss(let reason): reason.description
        }
    }
}

extension MissReason: CustomStringConvertible {
    /// In words for people: `parameter 'samples' changed from 3 to 5`.
    public var description: String {
        switch self {
        case .neverRan: "never ran"
        case .parameterChanged(let path, let old, let new):
            "parameter '\(path)' " + Self.change(old.map(Self.parameter), new.map(Self.parameter))
        case .inputChanged(let port, let old, let new):
            "input '\(port)' " + Self.change(Self.text(old), Self.text(new))
        case .seedChanged(let old, let new): "seed " + Self.change(old, new)
        case .stageVersionChanged(let old, let new): "the stage's version " + Self.change(old, new)
        case .numericsChanged(let old, let new): "numerics " + Self.change(old, new)
        case .saltChanged(let old, let new): "salt " + Self.change(old, new)
        case .codeChanged(let old?, let new?):
            "--strict-code asks for a result of this build, \(Self.digest(new)); there is one of build \(Self.digest(old))"
        case .codeChanged(nil, let new):
            "--strict-code asks for a result of this build, \(new.map(Self.digest) ?? "which is not known")"
        case .codeChanged(let old?, nil):
            "the earlier result counts under --strict-code only, for build \(Self.digest(old))"
        case .outputMissing(let port?): "output '\(port)' is missing from the store"
        case .outputMissing(nil): "a blob of an output is missing from the store"
        case .outputDamaged(let port?): "output '\(port)' is damaged in the store"
        case .outputDamaged(nil): "a blob of an output is damaged in the store"
        case .forced: "forced"
        case .cachingOff: "not cached ('cache: false')"
        case .readingOff: "computed each time ('cache: {read: false}')"
        }
    }

    private static func change(_ old: JSONValue?, _ new: JSONValue?) -> String {
        change(old.map(text), new.map(text))
    }

    private static func change(_ old: String?, _ new: String?) -> String {
        switch (old, new) {
        case (let old?, let new?): "changed from \(old) to \(new)"
        case (nil, let new?): "is new, with \(new)"
        case (let old?, nil): "is gone, was \(old)"
        case (nil, nil): "changed"
        }
    }

    /// The value of a parameter as a pipeline file writes it. A size, which may be `64`, `15%` or `rest`, is a text in a
    /// key; without quotes it cannot be mistaken, since a parameter has one type.
    package static func parameter(_ value: JSONValue) -> String {
        if let text = value.stringValue {
            let number = text.hasSuffix("%") ? text.dropLast() : text[...]
            let isNumber = number.utf8.first.map { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") } ?? false
            if isNumber, Double(number)?.isFinite == true { return text }
        }
        return text(value)
    }

    private static func text(_ value: JSONValue) -> String {
        let text = (try? CanonicalJSON.text(value)) ?? "a value without text"
        return text.count > 80 ? text.prefix(79) + "…" : text
    }

    private static func digest(_ value: JSONValue) -> String {
        value.stringValue.flatMap { ContentDigest(hex: $0) }?.short ?? text(value)
    }

    private static func text(_ digests: [ContentDigest]) -> String? {
        digests.isEmpty ? nil : digests.map(\.short).joined(separator: " + ")
    }
}
