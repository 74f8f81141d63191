internal import Artifacts
internal import Foundation
internal import Pipeline

/// What a run made of what, as an in-toto statement (version 1) with SLSA provenance (version 1).
struct ProvenanceStatement {
    let run: RunListing
    /// Of the run's stages, in the order of its summary.
    let records: [StageRecord]

    var json: JSONValue {
        [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": .array(
                records.flatMap { record in
                    record.outputs.sorted { $0.key < $1.key }.map { port, output in
                        Self.resource("\(record.stageName).\(port)", output.digest.hex)
                    }
                }),
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": ["buildDefinition": definition, "runDetails": details],
        ]
    }

    private var definition: JSONValue {
        let command = RunCommandRecord(run: run).flatMap { try? CanonicalJSON.value(of: $0) }
        return [
            "buildType": "urn:self-rewarding-pipeline:stage-graph:1",
            "externalParameters": ["pipeline": run.summary?["pipeline"] ?? .null, "command": command ?? .null],
            "internalParameters": [
                "stages": .array(
                    records.map { record in
                        [
                            "name": .string(record.stageName), "key": .string(record.key.hex),
                            "preimage": record.preimage,
                        ]
                    })
            ],
            "resolvedDependencies": .array(sources),
        ]
    }

    private var details: JSONValue {
        var metadata: [String: JSONValue] = ["invocationId": .string(run.id)]
        if let start = run.startedAt {
            metadata["startedOn"] = .string(start.formatted(.iso8601))
            if let seconds = run.summary?["seconds"]?.doubleValue {
                metadata["finishedOn"] = .string(start.addingTimeInterval(seconds).formatted(.iso8601))
            }
        }
        let programs = Set(records.compactMap { $0.facts["program"]?.stringValue }).sorted()
        return [
            "builder": [
                "id": "urn:self-rewarding-pipeline", "version": ["pipeline": .array(programs.map { .string($0) })],
            ],
            "metadata": .object(metadata),
            "byproducts": .array(
                Set(records.flatMap(\.blobs)).sorted().map { Self.resource("blob", $0.hex) }),
        ]
    }

    /// What no stage of the run made, by the ports that read it.
    private var sources: [JSONValue] {
        let made = Set(records.flatMap { $0.outputs.values.map(\.digest.hex) })
        return records.flatMap { record in
            (record.preimage["inputs"]?.objectValue ?? [:]).sorted { $0.key < $1.key }.flatMap { port, value in
                (value.arrayValue ?? [value]).compactMap(\.stringValue).filter { !made.contains($0) }.map {
                    Self.resource("\(record.stageName).\(port)", $0)
                }
            }
        }
    }

    private static func resource(_ name: String, _ digest: String) -> JSONValue {
        ["name": .string(name), "digest": ["sha256": .string(digest)]]
    }
}
