internal import Artifacts
internal import Stages

extension StoryReader {
    /// How many pairs are shown from each end.
    private static let shownPairs = 2

    // MARK: Yields

    /// For each stage that pairs: how much of what was written became pairs.
    func yields() -> [PairYield] {
        stages(writing: PreferencePair.schema).compactMap { position in
            var steps: [PairYield.Step] = []
            let responses = network.nearest(Candidate.schema, before: position)
            let judged = network.origins(of: position, port: "judgements").first
            let prompts = responses.map { network.origins(of: $0, port: "prompts") } ?? []
            for stage in prompts { if let step = written(by: stage) { steps.append(step) } }
            if let responses, let step = responded(by: responses) { steps.append(step) }
            if let judged, let step = judged == responses ? nil : judgedStep(judged) { steps.append(step) }
            if let step = paired(by: position) { steps.append(step) }
            guard steps.count > 1 else { return nil }
            return PairYield(
                stage: network.stages[position].name, model: network.trained(on: position), steps: steps)
        }
    }

    private func number(_ stage: Int, _ name: String) -> Int? { summaries[stage][name]?.integerValue.map(Self.count) }

    /// What the stage's filter left behind, the commonest reason first.
    private func filter(_ stage: Int) -> (kept: Int, losses: [PairYield.Loss])? {
        let report = summaries[stage]["filter"]
        guard let kept = report?["kept"]?.objectValue, let dropped = report?["dropped"]?.objectValue else {
            return nil
        }
        let losses = dropped.map { PairYield.Loss(reason: $0.key, count: Self.count($0.value.integerValue ?? 0)) }
        return (
            kept.values.reduce(0) { $0 + Self.count($1.integerValue ?? 0) },
            losses.filter { $0.count > 0 }.sorted { ($1.count, $0.reason) < ($0.count, $1.reason) }
        )
    }

    private func written(by stage: Int) -> PairYield.Step? {
        guard let filter = filter(stage) else { return nil }
        return PairYield.Step(
            name: "tasks written", stage: network.stages[stage].name,
            entered: filter.kept + filter.losses.reduce(0) { $0 + $1.count }, kept: filter.kept, unit: "prompts",
            dropped: filter.losses)
    }

    private func responded(by stage: Int) -> PairYield.Step? {
        guard let all = number(stage, "candidates"), let prompts = number(stage, "prompts"), prompts > 0 else {
            return nil
        }
        let missing = number(stage, "does_not_fit") ?? 0
        let each = Double(all) / Double(prompts)
        return PairYield.Step(
            name: "responses", stage: network.stages[stage].name, entered: all, kept: max(0, all - missing),
            unit: "candidates",
            dropped: missing > 0 ? [PairYield.Loss(reason: "prompt does not fit", count: missing)] : [],
            note: (each == each.rounded() ? Numerals.count(Int(each)) : Numerals.value(each)) + " for each prompt")
    }

    private func judgedStep(_ stage: Int) -> PairYield.Step? {
        guard let judged = number(stage, "judged") else { return nil }
        let unscored = number(stage, "unscored") ?? 0
        let verdicts = number(stage, "verdicts")
        return PairYield.Step(
            name: "judged", stage: network.stages[stage].name, entered: judged, kept: max(0, judged - unscored),
            unit: "scored",
            dropped: unscored > 0 ? [PairYield.Loss(reason: "no readable verdict", count: unscored)] : [],
            note: verdicts.map { "by \(Numerals.count($0)) verdicts" })
    }

    private func paired(by stage: Int) -> PairYield.Step? {
        guard let pairs = number(stage, "pairs"), let prompts = number(stage, "prompts") else { return nil }
        let losses = filter(stage)?.losses ?? []
        return PairYield.Step(
            name: "prompts to pair", stage: network.stages[stage].name, entered: max(prompts, pairs), kept: pairs,
            unit: "pairs", dropped: losses)
    }

    // MARK: Pairs to read

    /// Of each stage that pairs, the pairs with the largest and with the smallest difference of scores.
    func pairs() throws -> [PairExamples] {
        try stages(writing: PreferencePair.schema).compactMap { position in
            guard let reader = try reader(of: position, as: PreferencePair.self), reader.count > 0 else { return nil }
            let all = try reader.all()
            let ranked = all.sorted { first, second in
                ((first.scoreGap ?? 0), second.id) > ((second.scoreGap ?? 0), first.id)
            }
            let clearest = Array(ranked.prefix(Self.shownPairs))
            let rest = ranked.dropFirst(Self.shownPairs)
            let closest = Array(rest.suffix(Self.shownPairs).reversed())
            let replies = try self.replies(
                about: Set((clearest + closest).flatMap { [$0.chosenID, $0.rejectedID] }), pairedBy: position)
            func example(_ pair: PreferencePair) -> PairExamples.Example { Self.example(pair, replies) }
            return PairExamples(
                stage: network.stages[position].name, model: network.trained(on: position), total: all.count,
                clearest: clearest.map(example), closest: closest.map(example))
        }
    }

    private static func example(
        _ pair: PreferencePair, _ replies: [String: [PairExamples.Reply]]
    ) -> PairExamples.Example {
        PairExamples.Example(
            id: pair.id, prompt: pair.prompt,
            chosen: .init(text: pair.chosen, score: pair.chosenScore, replies: replies[pair.chosenID] ?? []),
            rejected: .init(text: pair.rejected, score: pair.rejectedScore, replies: replies[pair.rejectedID] ?? []),
            gap: pair.scoreGap)
    }

    /// What the judge said of these candidates.
    private func replies(about candidates: Set<String>, pairedBy stage: Int) throws -> [String: [PairExamples.Reply]]
    {
        var found: [String: [PairExamples.Reply]] = [:]
        for judge in network.origins(of: stage, port: "judgements") {
            try reader(of: judge, as: Judgement.self)?.forEach { judgement in
                guard candidates.contains(judgement.candidateID) else { return }
                found[judgement.candidateID] = judgement.verdicts.map { .init(text: $0.raw, score: $0.value) }
            }
        }
        return found
    }
}
