internal import Artifacts

extension RunStory {
    /// `pipeline.report/1`: the run, and each table as a list of objects.
    func json(_ spread: RunSpread?) -> JSONValue {
        var members: [String: JSONValue] = [
            "schema": "pipeline.report/1", "run": .string(run.id), "pipeline": .string(run.pipeline),
            "end": .string(run.end.rawValue), "seconds": run.seconds.map { .number($0) } ?? .null,
            "seeds": .array(run.seeds.map { .string($0) }),
            "command": [
                "file": run.file.map { .string($0) } ?? .null, "overlays": .array(run.overlays.map { .string($0) }),
                "settings": .array(run.settings.map { .string($0) }),
            ],
            "sources": .array(
                run.sources.map { source in
                    [
                        "name": .string(source.name), "path": .string(source.path),
                        "sha256": source.digest.map { .string($0) } ?? .null,
                    ]
                }),
            "headline": .string(OpeningSection(story: self).headline),
            "changes": .array(changes.map(\.json)),
        ]
        for table in [
            stagesTable, modelsTable, measurementsTable, lengthsTable,
        ] { members[table.name] = table.json }
        // All of them, so that a script finds an empty list and not nothing.
        for name in ["training", "yields", "scores", "points", "pairs", "warnings"] { members[name] = .array([]) }
        for table in tables { members[table.name] = table.json }
        members["spread"] = spread.map(\.json) ?? .array([])
        return .object(members)
    }
}

extension JSONValue {
    /// Null for what JSON has no number for: none, or one that arithmetic took out of range.
    static func finite(_ value: Double?) -> JSONValue { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
}

extension RunSpread {
    /// With the values as a list, whatever the runs are called.
    var json: JSONValue {
        .array(
            figures.map { row in
                [
                    "stage": .string(row.stage), "kind": .string(row.kind), "name": .string(row.name),
                    "mean": .finite(row.mean), "sd": .finite(row.deviation),
                    "values": .array(row.values.map { .number($0.value) }),
                ]
            })
    }
}

extension MeasuredChange {
    fileprivate var json: JSONValue {
        [
            "name": .string(name), "kind": .string(kind), "first_stage": .string(first.stage),
            "last_stage": .string(last.stage), "first": .finite(first.value), "last": .finite(last.value),
            "difference": .finite(difference), "lower": .finite(lower), "upper": .finite(upper),
            "verdict": .string(verdict.rawValue),
        ]
    }
}
