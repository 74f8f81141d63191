package import Artifacts
internal import Pipeline

/// One of several runs of a plan that differ in their seed.
package struct SeedRun: Sendable {
    package struct Stage: Sendable {
        let figures: StageFigures
        /// Nil where the inputs never became known.
        let key: ContentDigest?

        package init(_ figures: StageFigures, key: ContentDigest?) {
            self.figures = figures
            self.key = key
        }
    }

    let seed: UInt64
    let stages: [Stage]

    package init(seed: UInt64, stages: [Stage]) {
        self.seed = seed
        self.stages = stages
    }
}

/// What each measurement of a plan came to over several seeds: mean and spread.
///
/// Runs whose stage has the same key share one result, which counts once: a number that no seed can change has no spread, and
/// does not look as if it had been found three times.
package struct SeedSpread: Sendable {
    package struct Figure: Sendable, Equatable {
        package let stage: String
        package let kind: String
        package let name: String
        /// The seeds that gave a number, and that number; of runs that share a result the first.
        package let values: [(seed: UInt64, value: Double)]

        package var count: Int { values.count }

        package var mean: Double { values.reduce(0) { $0 + $1.value } / Double(count) }

        /// The sample's standard deviation, over n − 1; nil for a single number.
        package var deviation: Double? {
            guard count > 1 else { return nil }
            let mean = mean
            let squares = values.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) }
            return (squares / Double(count - 1)).squareRoot()
        }

        package static func == (first: Self, second: Self) -> Bool {
            first.stage == second.stage && first.kind == second.kind && first.name == second.name
                && first.values.elementsEqual(second.values, by: ==)
        }
    }

    package let seeds: [UInt64]
    /// By stage in the plan's order, then by name. Measurements without a number in any run are left out.
    package let figures: [Figure]
    /// No stage has another key in another run, and there are several runs.
    package let isOneResult: Bool

    package init(_ runs: [SeedRun]) {
        seeds = runs.map(\.seed)
        figures = (runs.first?.stages ?? []).flatMap { Self.figures(of: $0.figures, in: runs) }
        let keys = runs.map { run in run.stages.map(\.key) }
        isOneResult = runs.count > 1 && keys.allSatisfy { $0 == keys[0] && !$0.contains(nil) }
    }

    private static func figures(of stage: StageFigures, in runs: [SeedRun]) -> [Figure] {
        var seen: Set<ContentDigest> = []
        var values: [String: [(seed: UInt64, value: Double)]] = [:]
        for run in runs {
            // A stage that failed has a key and measured nothing: another seed's run may have its result.
            guard let other = run.stages.first(where: { $0.figures.stage == stage.stage }), let key = other.key,
                let measured = other.figures.summary["measurements"]?.objectValue, seen.insert(key).inserted
            else { continue }
            for (name, measurement) in measured where !isProbability(name) {
                if let value = measurement["value"]?.doubleValue {
                    values[name, default: []].append((run.seed, value))
                }
            }
        }
        return values.keys.sorted().map {
            Figure(stage: stage.stage, kind: stage.kind, name: $0, values: values[$0] ?? [])
        }
    }

    /// Whether it is the p of a test, whose mean over seeds means nothing.
    private static func isProbability(_ name: String) -> Bool { name.hasSuffix("/p") || name.hasSuffix("_p") }

    // MARK: For people

    private static let mostColumns = 4

    /// A block for each kind of stage that measures, with a column a stage and a line a measurement.
    package var lines: [String] {
        var kinds: [String] = []
        for figure in figures where !kinds.contains(figure.kind) { kinds.append(figure.kind) }
        let blocks = kinds.flatMap { kind -> [String] in
            let own = figures.filter { $0.kind == kind }
            var stages: [String] = []
            for figure in own where !stages.contains(figure.stage) { stages.append(figure.stage) }
            return stride(from: 0, to: stages.count, by: Self.mostColumns).flatMap { start in
                block(kind, Array(stages[start..<min(start + Self.mostColumns, stages.count)]), own)
            }
        }
        let names = seeds.map(String.init).joined(separator: ", ")
        return blocks.isEmpty ? [] : ["mean ± standard deviation (n) over seeds \(names)"] + blocks
    }

    private func block(_ kind: String, _ stages: [String], _ figures: [Figure]) -> [String] {
        var table = TextTable([.left] + stages.map { _ in .right })
        table.add([kind] + stages)
        for name in Set(figures.filter { stages.contains($0.stage) }.map(\.name)).sorted() {
            table.add(
                ["  " + name]
                    + stages.map { stage in
                        figures.first { $0.stage == stage && $0.name == name }.map(Self.cell) ?? SummaryTable.absent
                    })
        }
        return table.lines()
    }

    /// `0.524 ± 0.031 (3)`; large numbers with one digit behind the point.
    private static func cell(_ figure: Figure) -> String {
        let digits = abs(figure.mean) < 10 ? 3 : 1
        let spread = figure.deviation.map { " ± " + Quantities.fixed($0, digits: digits) } ?? ""
        return Quantities.fixed(figure.mean, digits: digits) + spread + " (\(figure.count))"
    }

    // MARK: For programs

    package var json: JSONValue {
        .array(
            figures.map { figure in
                [
                    "name": .string(figure.stage), "stage": .string(figure.kind),
                    "measurement": .string(figure.name), "n": .integer(Int64(figure.count)),
                    "mean": .finite(figure.mean), "sd": .finite(figure.deviation),
                    "values": .array(
                        figure.values.map { ["seed": .integer(Int64($0.seed)), "value": .number($0.value)] }),
                ]
            })
    }
}
