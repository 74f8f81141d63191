extension RunStory {
    /// Everything that is counted or measured, a table a kind. A table without rows is left out.
    var tables: [ReportTable] {
        [
            stagesTable, modelsTable, measurementsTable, trainingTable, yieldsTable, scoresTable, lengthsTable,
            pointsTable, pairsTable, warningsTable,
        ].filter { !$0.rows.isEmpty }
    }

    var stagesTable: ReportTable {
        ReportTable(
            "stages", caption: "The stages in the order of the run",
            columns: ["stage", "kind", "state", "seconds", "rows", "reads", "key"],
            rows: stages.map { stage in
                [
                    .text(stage.name), .text(stage.kind), .text(GraphChart.state(stage).word), .init(stage.seconds),
                    .count(stage.outputs.reduce(0) { $0 + $1.rows }),
                    .text(stage.inputs.flatMap(\.origins).joined(separator: " ")), .init(stage.key),
                ]
            })
    }

    var modelsTable: ReportTable {
        ReportTable(
            "models", caption: "The models in the order in which they were made",
            columns: ["model", "stage", "kind", "trained_from", "checkpoint"],
            rows: models.map { model in
                let stage = stages[model.stage]
                let digest = stage.outputs.first { $0.schema.hasPrefix("checkpoint/") }?.digest
                return [
                    .text(model.label), .text(stage.name), .text(stage.kind), .init(label(model.parent)),
                    .init(digest),
                ]
            })
    }

    var measurementsTable: ReportTable { Self.table(of: measurements, in: self) }

    static func table(of measurements: [StoryMeasurement], in story: RunStory) -> ReportTable {
        ReportTable(
            "measurements", caption: "Everything that was measured, with 95 % intervals where there are any",
            columns: ["stage", "kind", "model", "against", "name", "value", "lower", "upper", "count", "note"],
            rows: measurements.map { row in
                [
                    .text(row.stage), .text(row.kind), .init(story.label(row.model)),
                    .init(story.label(row.opponent)),
                    .text(row.name), .init(row.value), .init(row.lower), .init(row.upper), .count(row.count),
                    .init(row.note),
                ]
            })
    }

    private var trainingTable: ReportTable {
        ReportTable(
            "training", caption: "What each optimiser step showed, by TRL's names",
            columns: ["stage", "model", "metric", "step", "value"],
            rows: curves.flatMap { curve in
                curve.metrics.sorted { $0.key < $1.key }.flatMap { name, points in
                    points.map { point in
                        [
                            .text(curve.stage), .init(label(curve.model)), .text(name), .count(point.step),
                            .init(point.value),
                        ]
                    }
                }
            })
    }

    private var yieldsTable: ReportTable {
        ReportTable(
            "yields", caption: "How much of what was written became pairs",
            columns: ["pairs_stage", "model", "stage", "step", "entered", "kept", "unit", "dropped_for", "dropped"],
            rows: yields.flatMap { yield in
                yield.steps.flatMap { step -> [[ReportTable.Cell]] in
                    let start: [ReportTable.Cell] = [
                        .text(yield.stage), .init(label(yield.model)), .text(step.stage), .text(step.name),
                        .count(step.entered), .count(step.kept), .text(step.unit),
                    ]
                    if step.dropped.isEmpty { return [start + [.absent, .count(0)]] }
                    return step.dropped.map { start + [.text($0.reason), .count($0.count)] }
                }
            })
    }

    private var scoresTable: ReportTable {
        ReportTable(
            "scores", caption: "How often each judge gave each score",
            columns: ["stage", "kind", "judge", "score", "verdicts"],
            rows: scores.flatMap { scores in
                HistogramChart.bins(scores.counts).map { score in
                    [
                        .text(scores.stage), .text(scores.kind), .init(label(scores.judge)), .count(score),
                        .count(scores.counts[score] ?? 0),
                    ]
                }
            })
    }

    var lengthsTable: ReportTable {
        ReportTable(
            "lengths", caption: "How long responses are, in tokens",
            columns: [
                "stage", "writer", "for_training", "responses", "mean", "p10", "median", "p90", "mean_characters",
                "cut_off",
            ],
            rows: lengths.map { row in
                [
                    .text(row.stage), .init(label(row.writer)), .text(row.isTrainingData ? "yes" : "no"),
                    .count(row.count), .init(row.mean), .init(row.lowerTenth), .init(row.median),
                    .init(row.upperTenth),
                    .init(row.meanCharacters), .count(row.cutOff),
                ]
            })
    }

    private var pointsTable: ReportTable {
        ReportTable(
            "points", caption: "Texts as points", columns: ["stage", "group", "x", "y", "text"],
            rows: maps.flatMap { map in
                map.points.map { [.text(map.stage), .text($0.group), .init($0.x), .init($0.y), .text($0.text)] }
            })
    }

    private var pairsTable: ReportTable {
        ReportTable(
            "pairs", caption: "Pairs with the largest and the smallest differences of scores",
            columns: [
                "stage", "id", "which", "chosen_score", "rejected_score", "gap", "prompt", "chosen", "rejected",
            ],
            rows: pairs.flatMap { pairs in
                [("clearest", pairs.clearest), ("closest", pairs.closest)].flatMap { which, examples in
                    examples.map { pair in
                        [
                            .text(pairs.stage), .text(pair.id), .text(which), .init(pair.chosen.score),
                            .init(pair.rejected.score), .init(pair.gap), .text(pair.prompt), .text(pair.chosen.text),
                            .text(pair.rejected.text),
                        ]
                    }
                }
            })
    }

    private var warningsTable: ReportTable {
        ReportTable(
            "warnings", caption: "What to know before believing the rest", columns: ["subject", "stage", "text"],
            rows: warnings.map { [.text($0.subject.rawValue), .init($0.stage), .text($0.text)] })
    }
}
