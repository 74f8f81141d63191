internal import Foundation

/// The whole of seed preparation on trees in memory: select, deal out, turn into rows.
package struct SeedPreparation {
    package struct Result {
        package fileprivate(set) var examples: [SeedExample] = []
        package fileprivate(set) var validation: [SeedExample] = []
        package fileprivate(set) var test: [SeedExample] = []
        package fileprivate(set) var trainingRankings: [Ranking] = []
        package fileprivate(set) var evaluationRankings: [Ranking] = []
        /// One entry a tree.
        package fileprivate(set) var ledger: [LedgerEntry] = []
        /// Which prompts of the parts resemble one another.
        package fileprivate(set) var resemblance = PromptResemblance()
        /// What is to be said of each file none of whose trees can be used.
        package fileprivate(set) var uselessFiles: [StageError] = []
    }

    package let selection: SeedSelection
    package let split: SeedSplit
    package let nearDuplicates: NearDuplicates

    package init(selection: SeedSelection, split: SeedSplit, nearDuplicates: NearDuplicates = .report) {
        self.selection = selection
        self.split = split
        self.nearDuplicates = nearDuplicates
    }

    private typealias Outcome = (id: String, outcome: SeedSelection.Outcome)

    /// Rows come out in the order of the trees.
    /// - Parameter checkCancellation: called for each prompt that is compared; what it throws ends the call.
    package func prepare(
        _ collector: ConversationCollector, checkCancellation: () throws -> Void = {}
    ) throws -> Result {
        let outcomes = try select(collector.finish(), checkCancellation)
        let selected = outcomes.compactMap(\.outcome.tree)
        let parts = try deal(selected, outcomes)
        var result = Result()
        for (id, outcome) in outcomes {
            switch outcome {
            case .dropped(let reason, let detail):
                result.ledger.append(LedgerEntry(item: id, decision: .dropped, reason: reason, detail: detail))
            case .selected(let tree):
                add(tree, to: parts[id] ?? .notDrawn, &result)
            }
        }
        for (tree, first, second) in collector.repeats {
            result.ledger.append(
                LedgerEntry(
                    item: tree, decision: .dropped, reason: SeedSelection.Reason.repeated,
                    detail: "\(second), as \(first)"))
        }
        var drawn = Dictionary(grouping: selected) { parts[$0.id] ?? .notDrawn }
        drawn[.notDrawn] = nil
        result.resemblance = try PromptResemblance(drawn, checkCancellation: checkCancellation)
        result.uselessFiles = uselessFiles(outcomes, collector)
        return result
    }

    /// What becomes of each tree: a prompt that was there before is dropped, and perhaps one that resembles an earlier
    /// one.
    private func select(
        _ trees: [ConversationTree], _ checkCancellation: () throws -> Void
    ) throws -> [Outcome] {
        var prompts: [String: String] = [:]
        var pool = SimilarityPool()
        return try trees.map { tree in
            let outcome = selection.select(tree)
            guard let prompt = outcome.tree?.prompt else { return (tree.id, outcome) }
            if let earlier = prompts[prompt.promptKey] {
                return (tree.id, .dropped(.duplicatePrompt, detail: "of tree '\(earlier)'"))
            }
            if nearDuplicates == .drop {
                try checkCancellation()
                if let match = pool.nearest(to: prompt, above: PromptResemblance.floor) {
                    let similarity = String(format: "%.3f", match.similarity)
                    return (
                        tree.id, .dropped(.nearDuplicate, detail: "of tree '\(match.id)': ROUGE-L \(similarity)")
                    )
                }
                pool.insert(id: tree.id, text: prompt)
            }
            prompts[prompt.promptKey] = tree.id
            return (tree.id, outcome)
        }
    }

    /// The part of each selected tree.
    private func deal(_ selected: [SelectedTree], _ outcomes: [Outcome]) throws -> [String: SeedSplit.Part] {
        do {
            return try split.deal(selected)
        } catch  where selected.isEmpty && !outcomes.isEmpty {
            // Trees with ranks would be the wrong thing to look for: why these were dropped says more.
            throw nothingSelected(outcomes, file: nil)
        }
    }

    private func nothingSelected(_ outcomes: [Outcome], file: String?) -> StageError {
        var reasons: [String: Int] = [:]
        for case (_, .dropped(let reason, _)) in outcomes { reasons[reason.rawValue, default: 0] += 1 }
        return .nothingSelected(
            file: file, trees: outcomes.count, reasons: reasons, language: selection.language)
    }

    private func uselessFiles(_ outcomes: [Outcome], _ collector: ConversationCollector) -> [StageError] {
        var files: [String: [Outcome]] = [:]
        for outcome in outcomes {
            if let file = collector.file(ofTree: outcome.id) { files[file, default: []].append(outcome) }
        }
        return files.filter { $0.value.allSatisfy { $0.outcome.tree == nil } }
            .sorted { $0.key < $1.key }.map { nothingSelected($0.value, file: $0.key) }
    }

    private func add(_ tree: SelectedTree, to part: SeedSplit.Part, _ result: inout Result) {
        let ranking = { Ranking(tree: tree.id, prompt: tree.prompt, responses: tree.ranked) }
        let example = { SeedExample(tree: tree.id, prompt: tree.prompt, response: tree.best ?? "") }
        switch part {
        case .instruction: result.examples.append(example())
        case .validation: result.validation.append(example())
        case .test: result.test.append(example())
        case .training: result.trainingRankings.append(ranking())
        case .evaluation: result.evaluationRankings.append(ranking())
        case .notDrawn: break
        }
        result.ledger.append(
            LedgerEntry(
                item: tree.id, decision: part == .notDrawn ? .dropped : .kept, reason: part,
                detail: "\(tree.ranked.count) ranked replies"))
    }
}
