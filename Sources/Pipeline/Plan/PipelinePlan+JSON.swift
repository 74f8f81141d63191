public import Artifacts

extension PipelinePlan {
    /// The plan with everything filled in, as the `plan.json` of a run keeps it.
    public var json: JSONValue {
        [
            "schema": "pipeline.plan-file/1", "pipeline": .string(name), "file": .string(file),
            "sources": .object(Dictionary(uniqueKeysWithValues: sources.map { ($0.name, .string($0.path)) })),
            "stages": .array(stages.map(\.json)),
        ]
    }
}

extension CachePolicy {
    /// As a pipeline file writes it.
    fileprivate var json: JSONValue {
        reads == writes ? .bool(reads) : ["read": .bool(reads), "write": .bool(writes)]
    }
}

extension PlannedStage {
    fileprivate var json: JSONValue {
        let inputs = connections.map { connection in
            (connection.port.name, JSONValue.array(connection.origins.map { .string("\($0)") }))
        }
        return [
            "name": .string(name), "stage": .string(kind.rawValue), "params": parameters,
            "inputs": .object(Dictionary(uniqueKeysWithValues: inputs)), "seed": .integer(Int64(seed)),
            "cache": cache.json, "salt": .string(salt),
        ]
    }
}
