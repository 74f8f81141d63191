import Artifacts
import Pipeline
import Testing

/// Makes the key of one stage of a small plan.
enum KeyProbe {
    static let one = ContentDigest(hashing: Array("one".utf8))
    static let two = ContentDigest(hashing: Array("two".utf8))

    /// - Parameters:
    ///   - extra: more keys of the stage: `, salt: poisoned`.
    ///   - inputs: what its ports are said to hold.
    static func key(
        _ stage: String, params: String = "{}", extra: String = "", inputs: [String: [ContentDigest]],
        strictness: KeyStrictness = KeyStrictness(), seed: String = "3", salt: String = "''"
    ) throws -> StageKey {
        let names =
            ["add", "scale", "modulo"].contains(stage) ? "{numbers: c}" : stage == "sum" ? "{terms: c}" : "{}"
        let plan = try Workplace(
            """
            seed: \(seed)
            salt: \(salt)
            stages:
              c: {stage: constant}
              x: {stage: \(stage), inputs: \(names), params: \(params)\(extra)}
            """
        ).load()
        return try StageKey(of: #require(plan.stage(named: "x")), inputs: inputs, strictness: strictness)
    }
}
