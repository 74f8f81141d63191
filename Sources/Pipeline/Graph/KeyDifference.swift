public import Artifacts

/// How the preimage of a stage's key differs from that of an earlier result: every reason to run, the weightiest first.
public struct KeyDifference: Sendable, Equatable {
    public let reasons: [MissReason]

    /// - Parameters:
    ///   - old: the preimage of the earlier result.
    ///   - new: the preimage of now.
    public init(from old: JSONValue, to new: JSONValue) {
        var reasons: [MissReason] = []
        if old["version"] != new["version"] {
            reasons.append(.stageVersionChanged(old: old["version"], new: new["version"]))
        }
        reasons += structuralDifference(old["params"] ?? .object([:]), new["params"] ?? .object([:])).map {
            .parameterChanged(path: $0.path.joined(separator: "."), old: $0.old, new: $0.new)
        }
        let before = old["inputs"]?.objectValue ?? [:]
        let after = new["inputs"]?.objectValue ?? [:]
        for port in Set(before.keys).union(after.keys).sorted() where before[port] != after[port] {
            reasons.append(
                .inputChanged(port: port, old: Self.digests(before[port]), new: Self.digests(after[port])))
        }
        if old["seed"] != new["seed"] { reasons.append(.seedChanged(old: old["seed"], new: new["seed"])) }
        if old["numerics"] != new["numerics"] {
            reasons.append(.numericsChanged(old: old["numerics"], new: new["numerics"]))
        }
        if old["salt"] != new["salt"] { reasons.append(.saltChanged(old: old["salt"], new: new["salt"])) }
        if old["code"] != new["code"] { reasons.append(.codeChanged(old: old["code"], new: new["code"])) }
        self.reasons = reasons
    }

    private static func digests(_ value: JSONValue?) -> [ContentDigest] {
        let texts = value?.arrayValue ?? value.map { [$0] } ?? []
        return texts.compactMap { $0.stringValue.flatMap { ContentDigest(hex: $0) } }
    }
}
