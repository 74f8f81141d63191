/// What several runs of one pipeline, with other seeds, came to: each measurement's mean and spread.
struct RunSpread {
    var runs: [StoryRun]
    private let spread: SeedSpread

    /// - Throws: `CommandError.runsOfSeveralPipelines`.
    init(_ runs: [(story: StoryRun, figures: SeedRun)]) throws {
        self.runs = runs.map(\.story)
        if let first = self.runs.first, let other = self.runs.first(where: { $0.pipeline != first.pipeline }) {
            throw CommandError.runsOfSeveralPipelines(first.pipeline, other.pipeline)
        }
        spread = SeedSpread(runs.map(\.figures))
    }

    /// By stage, then by name. Runs that share a result count once.
    var figures: [SeedSpread.Figure] { spread.figures }

    /// Runs with the same seeds repeat each other: what they say counts once.
    var hasRepeatedSeeds: Bool { Set(runs.map(\.seeds)).count < runs.count }

    /// Stages that not all runs have, or not with the same parameters: what these spread is not the seed's alone.
    var stagesThatDiffer: [String] {
        Set(runs.flatMap(\.parameters.keys)).filter { stage in
            !runs.allSatisfy { $0.parameters[stage] == runs[0].parameters[stage] }
        }.sorted()
    }

    var table: ReportTable {
        ReportTable(
            "spread",
            caption: "Mean and standard deviation over \(runs.count) runs; runs that share a result count once",
            columns: ["stage", "kind", "name", "mean", "sd", "results", "values"],
            rows: figures.map { row in
                [
                    .text(row.stage), .text(row.kind), .text(row.name), .init(row.mean), .init(row.deviation),
                    .count(row.count), .text(row.values.map { Numerals.value($0.value) }.joined(separator: " ")),
                ]
            })
    }
}
