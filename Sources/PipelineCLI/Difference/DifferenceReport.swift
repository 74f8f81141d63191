internal import Artifacts
internal import Pipeline
internal import Stages

/// What `diff` was asked to compare, compared.
struct DifferenceReport {
    enum Section: CaseIterable {
        case stages, parameters, rows, metrics
    }

    struct ParameterChange {
        var stage: String
        var path: String
        var old: JSONValue?
        var new: JSONValue?
    }

    /// What a run had and the store no longer has, so that it cannot be compared: `gc` collected it.
    struct Loss {
        var run: String
        var stages: [String]
    }

    let comparison: Comparison
    let sections: Set<Section>
    let parameters: [ParameterChange]
    let rows: [(name: String, difference: RowDifference)]
    let metrics: [(name: String, measurements: [MeasurementDifference])]
    /// What was asked about and cannot be told.
    let losses: [Loss]

    init(_ comparison: Comparison, sections: Set<Section>, in store: ArtifactStore) throws {
        self.comparison = comparison
        self.sections = sections
        parameters = comparison.stages.flatMap { stage in
            stage.reasons.compactMap { reason in
                guard case .parameterChanged(let path, let old, let new) = reason else { return nil }
                return ParameterChange(stage: stage.name, path: path, old: old, new: new)
            }
        }
        var rows: [(String, RowDifference)] = []
        var metrics: [(String, [MeasurementDifference])] = []
        for (name, output) in comparison.differentOutputs {
            guard let old = output.old, let new = output.new, !old.reference.isBlob, !new.reference.isBlob else {
                continue
            }
            if sections.contains(.rows) { rows.append((name, try RowDifference(old, new, in: store))) }
            let schema = Measurement.schema.description
            if sections.contains(.metrics), old.reference.schema == schema, new.reference.schema == schema {
                metrics.append((name, try MeasurementDifference.all(old, new, in: store)))
            }
        }
        (self.rows, self.metrics) = (rows, metrics)
        losses = Self.losses(comparison, sections)
    }

    private static func losses(_ comparison: Comparison, _ sections: Set<Section>) -> [Loss] {
        [comparison.first, comparison.second].compactMap { run in
            let stages = comparison.stages.filter { stage in
                let files = stage.outputs.filter { output in
                    output.isChanged && (run == comparison.first ? output.old : output.new) == nil
                }
                return sections.contains { section in
                    switch section {
                    // That stages differ is known without their records.
                    case .stages: false
                    case .parameters: stage.unrecorded.contains(run)
                    case .rows: files.contains { $0.schema != ArtifactReference.blobSchema }
                    case .metrics: files.contains { $0.schema == Measurement.schema.description }
                    }
                }
            }
            return stages.isEmpty ? nil : Loss(run: run, stages: stages.map(\.name))
        }
    }

    /// Whether anything that was asked about differs. Rows in another order are another content.
    var hasDifferences: Bool {
        sections.contains { section in
            switch section {
            case .stages: comparison.areDifferent
            case .parameters: !parameters.isEmpty
            case .rows: !rows.isEmpty
            case .metrics: metrics.contains { $0.measurements.contains { $0.old != $0.new } }
            }
        }
    }

    /// Nil where no difference was found, and not all could be compared.
    private var areDifferent: Bool? { hasDifferences ? true : losses.isEmpty ? false : nil }

    /// Whether everything that was asked about is known to be the same.
    var isKnownSame: Bool { areDifferent == false }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "schema": "pipeline.diff/1", "compared": .string(comparison.subject.rawValue),
            "first": .string(comparison.first), "second": .string(comparison.second),
            "different": areDifferent.map { .bool($0) } ?? .null,
            "not_compared": .array(
                losses.map { ["run": .string($0.run), "stages": .array($0.stages.map { .string($0) })] }),
        ]
        for section in sections {
            switch section {
            case .stages: members["stages"] = .array(comparison.stages.map(Self.json))
            case .parameters: members["params"] = .array(parameters.map(Self.json))
            case .rows: members["rows"] = .array(rows.map { Self.json($0.name, $0.difference) })
            case .metrics: members["metrics"] = .array(metrics.map { Self.json($0.name, $0.measurements) })
            }
        }
        return .object(members)
    }

    private static func json(_ stage: StageComparison) -> JSONValue {
        [
            "name": .string(stage.name), "stage": .string(stage.kind), "state": .string(stage.word),
            "reasons": .array(stage.reasons.map(ForecastJSON.reason)),
            "unrecorded": .array(stage.unrecorded.map { .string($0) }),
            "outputs": .array(
                stage.outputs.map { output in
                    [
                        "port": .string(output.port), "first": output.oldDigest.map { .string($0.hex) } ?? .null,
                        "second": output.newDigest.map { .string($0.hex) } ?? .null, "same": .bool(output.isSame),
                    ]
                }),
        ]
    }

    private static func json(_ change: ParameterChange) -> JSONValue {
        [
            "name": .string(change.stage), "path": .string(change.path), "first": change.old ?? .null,
            "second": change.new ?? .null,
        ]
    }

    private static func json(_ name: String, _ difference: RowDifference) -> JSONValue {
        [
            "name": .string(name), "same": .integer(Int64(difference.same)),
            "added": .array(difference.added.map { .string($0) }),
            "removed": .array(difference.removed.map { .string($0) }),
            "changed": .array(
                difference.changed.map { change in
                    [
                        "id": .string(change.id),
                        "members": .array(
                            change.members.map { member in
                                [
                                    "path": .string(member.path.joined(separator: ".")),
                                    "first": member.old ?? .null, "second": member.new ?? .null,
                                ]
                            }),
                    ]
                }),
        ]
    }

    private static func json(_ name: String, _ measurements: [MeasurementDifference]) -> JSONValue {
        func json(_ value: MeasurementDifference.Value?) -> JSONValue {
            guard let value else { return .null }
            return [
                "value": value.value.map { .number($0) } ?? .null, "lower": value.lower.map { .number($0) } ?? .null,
                "upper": value.upper.map { .number($0) } ?? .null, "count": value.count.map { .integer($0) } ?? .null,
            ]
        }
        return [
            "name": .string(name),
            "measurements": .array(
                measurements.map { ["name": .string($0.name), "first": json($0.old), "second": json($0.new)] }),
        ]
    }
}

extension StageComparison {
    /// One word for scripts.
    var word: String {
        switch change {
        case .onlyInFirst: "only-in-first"
        case .onlyInSecond: "only-in-second"
        case .notReached: "not-reached"
        case .none, .reasons, .kind, .unexplained: isDifferent ? "different" : "same"
        }
    }
}
