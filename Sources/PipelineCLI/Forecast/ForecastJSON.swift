internal import Artifacts
internal import Pipeline

/// A forecast in the shape that `plan` and `status` promise to scripts.
enum ForecastJSON {
    static func document(
        _ plan: PipelinePlan, takenOver: TakenOver? = nil, stages: [StageStatus]
    ) -> JSONValue {
        [
            "schema": "pipeline.plan/1", "pipeline": .string(plan.name), "file": .string(plan.file),
            "taken_over": takenOver?.json ?? .null,
            "stages": .array(stages.map(stage)),
        ]
    }

    private static func stage(_ status: StageStatus) -> JSONValue {
        let forecast = status.forecast
        return [
            "name": .string(forecast.name), "stage": .string(forecast.stage.kind.rawValue),
            "key": forecast.key.map { .string($0.digest.hex) } ?? .null, "state": .string(status.state.rawValue),
            "reason": .string(status.reason), "reasons": .array(reasons(of: forecast).map(reason)),
            "waits_for": .array(forecast.waitsFor.map { .string($0) }),
            "created": forecast.record.map { .string($0.createdAt) } ?? .null,
            "attempt": status.attempt?.json ?? .null, "seconds": status.seconds.map { .number($0) } ?? .null,
            "outputs": .object(forecast.record?.outputs.mapValues(output) ?? [:]),
        ]
    }

    /// Everything that speaks against reusing an earlier result, the decisive reason first.
    static func reasons(of forecast: StageForecast) -> [MissReason] {
        guard case .miss(let decisive) = forecast.decision else { return [] }
        let all = forecast.explanation?.reasons ?? []
        return all.contains(decisive) ? all : [decisive] + all
    }

    static func reason(_ reason: MissReason) -> JSONValue {
        var members: [String: JSONValue] = ["what": .string(reason.word)]
        switch reason {
        case .parameterChanged(let path, let old, let new):
            members["path"] = .string(path)
            (members["old"], members["new"]) = (old, new)
        case .inputChanged(let port, let old, let new):
            members["port"] = .string(port)
            members["old"] = .array(old.map { .string($0.hex) })
            members["new"] = .array(new.map { .string($0.hex) })
        case .seedChanged(let old, let new), .stageVersionChanged(let old, let new),
            .numericsChanged(let old, let new), .saltChanged(let old, let new), .codeChanged(let old, let new):
            (members["old"], members["new"]) = (old, new)
        case .outputMissing(let port), .outputDamaged(let port):
            members["port"] = port.map { .string($0) }
        case .neverRan, .forced, .cachingOff, .readingOff: break
        }
        return .object(members)
    }

    static func output(_ reference: ArtifactReference) -> JSONValue {
        [
            "digest": .string(reference.digest.hex), "record": .string(reference.schema),
            "rows": .integer(Int64(reference.rows)), "bytes": .integer(Int64(reference.bytes)),
        ]
    }
}
