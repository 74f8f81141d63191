internal import Artifacts
internal import Foundation
internal import Stages

extension StoryReader {
    /// Everything that stages measured, in the order of the run.
    func measurements() throws -> [StoryMeasurement] {
        try stages(writing: Measurement.schema).flatMap { position -> [StoryMeasurement] in
            guard let reader = try reader(of: position, as: Measurement.self) else { return [] }
            let stage = network.stages[position]
            let subject = network.subject(of: position), opponent = opponent(of: position)
            let isJudged = opponent != nil && stage.kind == "head-to-head"
            let judge = isJudged ? network.model(of: position, port: "model") : nil
            return try reader.all().map { row in
                StoryMeasurement(
                    stage: stage.name, kind: stage.kind, model: subject, opponent: opponent, judge: judge,
                    question: stage.question, name: row.name,
                    value: row.value, count: row.count, lower: row.lower, upper: row.upper, note: row.note)
            }
        }
    }

    /// The model that a stage compares its subject with; nil where it compares none.
    private func opponent(of position: Int) -> Int? {
        switch network.stages[position].kind {
        case "head-to-head": return network.model(of: position, port: "baseline")
        case "human-votes":
            // Raters compared what stands on the ballots.
            let packet = network.origins(of: position, port: "ballots").first
            return packet.flatMap { network.model(of: $0, port: "baseline") }
        default: return nil
        }
    }

    /// What training stages logged.
    func curves() throws -> [TrainingCurves] {
        try stages(writing: TrainingStep.schema).compactMap { position in
            guard let reader = try reader(of: position, as: TrainingStep.self) else { return nil }
            var metrics: [String: [CurvePoint]] = [:]
            try reader.forEach { row in
                for (name, value) in row.metrics {
                    metrics[name, default: []].append(CurvePoint(step: row.step, value: value))
                }
            }
            let stage = network.stages[position]
            return TrainingCurves(
                model: network.models.firstIndex { $0.stage == position }, stage: stage.name, kind: stage.kind,
                metrics: metrics)
        }
    }

    /// Stages whose scores are likelihoods and not those of a rubric.
    private static let scoresWithoutRubric: Set<String> = ["likelihood-baseline"]

    /// Which scores each judging stage gave. The reply, where it has an expectation over the digits, counts with that.
    func scores() throws -> [ScoreHistogram] {
        try stages(writing: Judgement.schema).compactMap { position in
            guard !Self.scoresWithoutRubric.contains(network.stages[position].kind),
                let reader = try reader(of: position, as: Judgement.self)
            else { return nil }
            var counts: [Int: Int] = [:], stated: [Int: Int] = [:], verdicts = 0, parsed = 0
            try reader.forEach { judgement in
                for reply in judgement.verdicts {
                    verdicts += 1
                    if reply.score != nil { parsed += 1 }
                    if let bin = reply.score.flatMap(Self.bin) { stated[bin, default: 0] += 1 }
                    if let bin = (reply.expected ?? reply.score).flatMap(Self.bin) { counts[bin, default: 0] += 1 }
                }
            }
            guard verdicts > 0 else { return nil }
            let stage = network.stages[position]
            return ScoreHistogram(
                stage: stage.name, kind: stage.kind, judge: network.model(of: position, port: "model"),
                counts: counts, stated: stated, verdicts: verdicts, parsed: parsed, entropy: Self.entropy(counts))
        }
    }

    /// The whole score nearest to `value`; nil for what no rubric asks for.
    private static func bin(_ value: Double) -> Int? { abs(value) < 100 ? Int(value.rounded()) : nil }

    /// In bits.
    private static func entropy(_ counts: [Int: Int]) -> Double? {
        let total = Double(counts.values.reduce(0, +))
        guard total > 0 else { return nil }
        return counts.sorted { $0.key < $1.key }.reduce(0) { sum, entry in
            let share = Double(entry.value) / total
            return share > 0 ? sum - share * log2(share) : sum
        }
    }

    /// How long the responses are that models wrote. Replies of judges, which are stored as responses too, are none.
    func lengths() throws -> [ResponseLengths] {
        let paired = Set(
            stages(writing: PreferencePair.schema).flatMap { network.origins(of: $0, port: "candidates") })
        return try stages(writing: Candidate.schema).compactMap { position in
            let stage = network.stages[position]
            guard stage.kind != "meta-judge", let reader = try reader(of: position, as: Candidate.self) else {
                return nil
            }
            var tokens: [Double] = [], characters = 0, cutOff = 0
            try reader.forEach { candidate in
                if candidate.finish == .doesNotFit { return }
                tokens.append(Double(candidate.tokens))
                characters += candidate.text.count
                if candidate.finish == .length { cutOff += 1 }
            }
            guard !tokens.isEmpty else { return nil }
            tokens.sort()
            return ResponseLengths(
                stage: stage.name, writer: network.subject(of: position), isTrainingData: paired.contains(position),
                count: tokens.count, cutOff: cutOff, mean: tokens.reduce(0, +) / Double(tokens.count),
                lowerTenth: Self.quantile(tokens, 0.1), median: Self.quantile(tokens, 0.5),
                upperTenth: Self.quantile(tokens, 0.9), meanCharacters: Double(characters) / Double(tokens.count))
        }
    }

    /// The value that a share of `sorted` does not exceed.
    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
    }

    /// So many scalars of a text at most: one character can have any number of them.
    private static func start(of value: JSONValue?, _ length: Int) -> String {
        String((value?.stringValue ?? "").unicodeScalars.prefix(length))
    }

    /// Points that stages laid texts out as. Their rows are read as they are: who makes them is of no interest here.
    func maps() throws -> [TextMap] {
        /// More points than this are no clearer, and a page of them is large.
        let most = 1500
        return try network.stages.indices.compactMap { position in
            guard let artifact = artifact(of: position, schema: "text-point") else { return nil }
            var points: [TextMap.Point] = [], seen = 0
            // Every n-th, so that each part of the file has its share.
            let pace = max(1, (Self.count(Int64(artifact.reference.rows)) + most - 1) / most)
            try store.rowReader(artifact.reference).forEach { row in
                defer { seen += 1 }
                guard seen % pace == 0, let x = row["x"]?.doubleValue, let y = row["y"]?.doubleValue else { return }
                points.append(
                    .init(
                        group: Self.start(of: row["group"], 40), x: x, y: y,
                        text: Self.start(of: row["text"], 240)))
            }
            let stage = network.stages[position]
            return points.isEmpty
                ? nil : TextMap(stage: stage.name, kind: stage.kind, points: points, total: artifact.reference.rows)
        }
    }
}
