internal import Artifacts
internal import Pipeline

/// Everything that speaks for or against running a stage.
struct StageAccount {
    private let asked: StageForecast
    private let forecast: PlanForecast
    private let reasons: [MissReason]
    /// The earlier result that `reasons` compare with.
    private let earlier: StageRecord?
    /// The run whose result `earlier` is; nil unless the user named one.
    private let run: String?
    /// Names of artifacts by digest, as the store knows them.
    private let names: [ContentDigest: String]

    /// - Parameter past: what to compare with; without it, the nearest earlier result.
    init(
        _ asked: StageForecast, forecast: PlanForecast, plan: PipelinePlan, store: ArtifactStore?,
        against past: PastResult? = nil
    ) throws {
        self.asked = asked
        self.forecast = forecast
        run = past?.run
        if let past {
            earlier = past.record
            let preimage = asked.key?.preimage ?? Self.knownPreimage(of: asked.stage, otherwiseAs: past.record)
            let differences = KeyDifference(from: past.record.preimage, to: preimage).reasons
            // A result that is missing, or not wanted, differs in nothing.
            reasons = differences.isEmpty && asked.state == .run ? ForecastJSON.reasons(of: asked) : differences
        } else if asked.state == .cached, let store, let key = asked.key {
            // What set this result apart from the one before it.
            let explanation = try CacheLookup(store: store, plan: plan).explanation(asked.stage, key: key)
            reasons = explanation.reasons
            earlier = explanation.earlier
        } else {
            reasons = ForecastJSON.reasons(of: asked)
            earlier = asked.explanation?.earlier
        }
        var names: [ContentDigest: String] = [:]
        for listing in try store?.artifacts() ?? [] where names[listing.reference.digest] == nil {
            names[listing.reference.digest] = listing.name
        }
        self.names = names
    }

    /// What a key will be made of, as far as it is known before the inputs are: the rest is taken from `record`.
    private static func knownPreimage(of stage: PlannedStage, otherwiseAs record: StageRecord) -> JSONValue {
        guard case .object(var members) = record.preimage else { return record.preimage }
        members["params"] = stage.parameters
        members["version"] = .integer(Int64(stage.definition.version))
        members["salt"] = .string(stage.salt)
        if stage.definition.usesSeed { members["seed"] = .integer(Int64(stage.seed)) }
        return .object(members)
    }

    var lines: [String] {
        let head = "\(asked.name) (\(asked.stage.kind))"
        switch asked.state {
        case .cached: return [head + " is cached: nothing that can change its result has changed"] + hitLines
        case .run: return [head + " runs"] + reasons.flatMap(lines) + comparison
        case .maybe:
            return [head + " may run: its key is known once these are done"] + waitingLines + knownLines
        }
    }

    private var hitLines: [String] {
        guard let record = asked.record else { return [] }
        var lines = ["  result of \(record.createdAt), key \(record.key.short)"]
        let seconds = record.facts["seconds"]?.doubleValue
        if let seconds { lines[0] += ", made in \(Quantities.duration(seconds))" }
        lines += inputLines(of: record.preimage)
        guard let earlier, !reasons.isEmpty else { return lines + (run.map { ["  run \($0) used the same"] } ?? []) }
        lines.append("  it differs from the result of \(earlier.createdAt), key \(earlier.key.short)\(usedBy):")
        return lines + reasons.flatMap(self.lines).map { "  " + $0 }
    }

    private func inputLines(of preimage: JSONValue) -> [String] {
        guard let inputs = preimage["inputs"]?.objectValue else { return [] }
        return inputs.keys.sorted().flatMap { port -> [String] in
            let value = inputs[port] ?? .null
            let digests = (value.arrayValue ?? [value]).compactMap {
                $0.stringValue.flatMap { ContentDigest(hex: $0) }
            }
            // What is connected has a name, also where something else has the same content.
            let origins = asked.stage.connections.first { $0.port.name == port }?.origins ?? []
            return digests.enumerated().map { index, digest in
                let text = origins.count == digests.count ? "\(digest.short) (\(origins[index]))" : describe(digest)
                return "  input '\(port)' is \(text)"
            }
        }
    }

    private var waitingLines: [String] {
        asked.waitsFor.flatMap { name -> [String] in
            let reason = forecast.stages.first { $0.name == name }?.reason ?? ""
            return ["  \(name): \(reason)"]
        }
    }

    /// What is different already, whatever the inputs turn out to be.
    private var knownLines: [String] {
        guard run != nil else { return [] }
        return (reasons.isEmpty ? ["  nothing else differs so far"] : reasons.flatMap(lines)) + comparison
    }

    private var comparison: [String] {
        earlier.map { ["compared with the result of \($0.createdAt), key \($0.key.short)\(usedBy)"] } ?? []
    }

    private var usedBy: String { run.map { ", which run \($0) used" } ?? "" }

    private func lines(_ reason: MissReason) -> [String] {
        switch reason {
        case .parameterChanged(let path, let old, let new):
            return change("parameter '\(path)' changed", Self.text(old), Self.text(new))
        case .inputChanged(let port, let old, let new):
            let connection = asked.stage.connections.first { $0.port.name == port }
            let origins = connection.map { $0.origins.map(\.description).joined(separator: ", ") }
            return change(
                "input '\(port)'" + (origins.map { ", now \($0)," } ?? "") + " changed",
                old.isEmpty ? "nothing" : old.map(describe).joined(separator: ", "),
                new.isEmpty ? "nothing" : new.map(describe).joined(separator: ", "))
        default:
            return ["  " + reason.description]
        }
    }

    private func change(_ what: String, _ old: String, _ new: String) -> [String] {
        let brief = "  \(what): \(old) → \(new)"
        if DisplayText.width(brief) <= 100 { return [brief] }
        return ["  \(what)", "    from \(old)", "    to   \(new)"]
    }

    private func describe(_ digest: ContentDigest) -> String {
        names[digest].map { "\(digest.short) (\($0))" } ?? digest.short
    }

    private static func text(_ value: JSONValue?) -> String {
        value.map(MissReason.parameter) ?? "unset"
    }

    var json: JSONValue {
        [
            "schema": "pipeline.why/1", "name": .string(asked.name), "stage": .string(asked.stage.kind.rawValue),
            "state": .string(asked.state.rawValue), "key": asked.key.map { .string($0.digest.hex) } ?? .null,
            "reason": .string(asked.reason), "reasons": .array(reasons.map(ForecastJSON.reason)),
            "waits_for": .array(asked.waitsFor.map { .string($0) }),
            "compared_with": earlier.map { .string($0.key.hex) } ?? .null,
            "against": run.map { .string($0) } ?? .null,
        ]
    }
}
