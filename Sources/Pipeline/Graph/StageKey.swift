public import Artifacts

/// The name of a stage's result: a digest over everything that can change it, and nothing else.
///
/// Names of stages and files, paths, dates, hosts, thread counts and whatever else is in `exec` are never part of it.
public struct StageKey: Sendable, Equatable {
    /// What is hashed: `kind`, `version`, `params`, `inputs`, `seed` (of a stage that uses it), `numerics`, `salt`, and
    /// `code` where the user is strict about it.
    public let preimage: JSONValue
    /// SHA-256 over `stage-key/1`, a line end, and the canonical JSON of the preimage.
    public let digest: ContentDigest

    static let domain = "stage-key/1\n"

    /// - Parameters:
    ///   - inputs: the content digests of each connected port, in the order of the pipeline file.
    public init(
        of stage: PlannedStage, inputs: [String: [ContentDigest]], strictness: KeyStrictness = KeyStrictness()
    ) throws {
        let definition = stage.definition
        var ports: [String: JSONValue] = [:]
        for port in definition.inputs {
            guard let digests = inputs[port.name] else { continue }
            let texts = digests.map { JSONValue.string($0.hex) }
            ports[port.name] = port.acceptsMany || texts.count != 1 ? .array(texts) : texts[0]
        }
        var numerics = definition.numerics.description
        if let machine = strictness.machine, definition.numerics != .exact { numerics += ";machine=\(machine)" }
        var members: [String: JSONValue] = [
            "kind": .string(definition.kind.rawValue),
            "version": .integer(Int64(definition.version)),
            "params": stage.parameters,
            "inputs": .object(ports),
            "numerics": .string(numerics),
            "salt": .string(stage.salt),
        ]
        if definition.usesSeed { members["seed"] = .integer(Int64(stage.seed)) }
        if let code = strictness.code { members["code"] = .string(code.hex) }
        preimage = .object(members)
        digest = try Self.digest(of: preimage)
    }

    /// Whether the key of the record follows from its preimage. A record of which that is not so was changed, or made up.
    public static func isKey(of record: StageRecord) -> Bool {
        (try? digest(of: record.preimage)) == record.key
    }

    /// The key of a stage with that preimage.
    public static func digest(of preimage: JSONValue) throws -> ContentDigest {
        ContentDigest(hashing: Array(domain.utf8) + (try CanonicalJSON.encode(preimage)))
    }
}
