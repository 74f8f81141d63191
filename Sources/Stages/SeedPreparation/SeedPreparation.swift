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
    }

    package let selection: SeedSelection
    package let split: SeedSplit

    package init(selection: SeedSelection, split: SeedSplit) {
        self.selection = selection
        self.split = split
    }

    /// Rows come out in the order of the trees.
    package func prepare(_ collector: ConversationCollector) throws -> Result {
        let trees = collector.finish()
        var outcomes: [(id: String, outcome: SeedSelection.Outcome)] = []
        var prompts: [String: String] = [:]
        for tree in trees {
            var outcome = selection.select(tree)
            if case .selected(let selected) = outcome {
                if let earlier = prompts[selected.prompt.promptKey] {
                    outcome = .dropped(.duplicatePrompt, detail: "of tree '\(earlier)'")
                } else {
                    prompts[selected.prompt.promptKey] = tree.id
                }
            }
            outcomes.append((tree.id, outcome))
        }
        let selected = outcomes.compactMap { entry in
            if case .selected(let tree) = entry.outcome { tree } else { nil }
        }
        let parts = try deal(selected, outcomes.map(\.outcome))
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
        return result
    }

    /// The part of each selected tree.
    private func deal(
        _ selected: [SelectedTree], _ outcomes: [SeedSelection.Outcome]
    ) throws -> [String: SeedSplit.Part] {
        let synthetic = outcomes.count { if case .dropped(.synthetic, _) = $0 { true } else { false } }
        do {
            return try split.deal(selected)
        } catch  where selected.isEmpty && synthetic > 0 {
            // Trees without ranks would be the wrong thing to look for.
            throw StageError.onlySynthetic(dropped: synthetic, trees: outcomes.count)
        }
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
