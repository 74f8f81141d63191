internal import Artifacts
internal import Pipeline

/// Everything that speaks for or against running a stage.
struct StageAccount {
    private let asked: StageForecast
    private let forecast: PlanForecast
    private let reasons: [MissReason]
    /// The earlier result that `reasons` compare with.
    private let earlier: StageRecord?
    /// Names of artifacts by digest, as the store knows them.
    private let names: [ContentDigest: String]

    init(_ asked: StageForecast, forecast: PlanForecast, plan: PipelinePlan, store: ArtifactStore?) throws {
        self.asked = asked
        self.forecast = forecast
        if asked.state == .cached, let store, let key = asked.key {
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

    var lines: [String] {
        let head = "\(asked.name) (\(asked.stage.kind))"
        switch asked.state {
        case .cached: return [head + " is cached: nothing that can change its result has changed"] + hitLines
        case .run: return [head + " runs"] + reasons.flatMap(lines) + comparison
        case .maybe: return [head + " may run: its key is known once these are done"] + waitingLines
        }
    }

    private var hitLines: [String] {
        guard let record = asked.record else { return [] }
        var lines = ["  result of \(record.createdAt), key \(record.key.short)"]
        let seconds = record.facts["seconds"]?.doubleValue
        if let seconds { lines[0] += ", made in \(Quantities.duration(seconds))" }
        lines += inputLines(of: record.preimage)
        guard let earlier, !reasons.isEmpty else { return lines }
        lines.append("  it differs from the result of \(earlier.createdAt), key \(earlier.key.short):")
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

    private var comparison: [String] {
        earlier.map { ["compared with the result of \($0.createdAt), key \($0.key.short)"] } ?? []
    }

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
        value.map { (try? CanonicalJSON.text($0)) ?? $0.typeName } ?? "unset"
    }

    var json: JSONValue {
        [
            "schema": "pipeline.why/1", "name": .string(asked.name), "stage": .string(asked.stage.kind.rawValue),
            "state": .string(asked.state.rawValue), "key": asked.key.map { .string($0.digest.hex) } ?? .null,
            "reason": .string(asked.reason), "reasons": .array(reasons.map(ForecastJSON.reason)),
            "waits_for": .array(asked.waitsFor.map { .string($0) }),
            "compared_with": earlier.map { .string($0.key.hex) } ?? .null,
        ]
    }
}
