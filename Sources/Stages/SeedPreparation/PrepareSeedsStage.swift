internal import Artifacts
internal import Foundation
package import Pipeline

/// `seed-prep`: chooses and deals out the human seed data (paper §3.1.1).
package struct PrepareSeedsStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case ift, validation, test, language
            case rankingsTrain = "rankings_train", rankingsEval = "rankings_eval"
            case keepSynthetic = "keep_synthetic", repeatedTrees = "repeated_trees"
            case nearDuplicates = "near_duplicates"
        }

        /// Trees for instruction fine-tuning: a count, a share such as `40%`, or `rest`. The paper uses 3,200 (§3.1.1).
        package var ift: SplitSize = .rest
        /// Ranked trees for evaluation fine-tuning. The paper gives examples, not trees: 1,630, at 2.85 a tree.
        package var rankingsTrain: SplitSize = .percent(30)
        /// Ranked trees held out. The paper: 531 examples, a third of the above.
        package var rankingsEval: SplitSize = .percent(10)
        /// Trees whose best replies a training is watched by. The paper watches 253 prompts (§3.1.3), of its own making.
        package var validation: SplitSize = .count(0)
        /// Trees that are kept for comparing models. The paper compares on 256 test prompts (§3.1.2), of other origin.
        package var test: SplitSize = .count(0)
        /// Paper §3.1.1: English.
        package var language = "en"
        /// Whether to take messages that are marked as written by a model. The paper's are human.
        package var keepSynthetic = false
        /// What to do when a tree id is there twice.
        package var repeatedTrees: RepeatedTrees = .refuse
        /// What to do about a prompt that resembles an earlier one (ROUGE-L of 0.7 or more), and about a hand-judged example
        /// whose instruction resembles a held-out one. The paper does not say; one that is the same but for case and white
        /// space is always dropped.
        package var nearDuplicates: NearDuplicates = .report

        package init() {}
    }

    package static let kind: StageKind = "seed-prep"
    package static let version = 4
    package static let usesSeed = true
    package static let inputs = [
        Port("trees", schema: ArtifactReference.blobSchema, acceptsMany: true),
        Port("evaluation-examples", schema: ArtifactReference.blobSchema, isOptional: true, acceptsMany: true),
        Port("rubric", schema: ArtifactReference.blobSchema, isOptional: true),
    ]
    package static let outputs = [
        Port("examples", schema: SeedExample.schema.description),
        Port("validation", schema: SeedExample.schema.description),
        Port("test", schema: SeedExample.schema.description),
        Port("rankings-train", schema: Ranking.schema.description),
        Port("rankings-eval", schema: Ranking.schema.description),
        Port("judge-examples", schema: JudgeExample.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) { self.parameters = parameters }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let collected = try trees(inputs)
        let seeds = try preparation(context).prepare(collected, checkCancellation: context.checkCancellation)
        for file in seeds.uselessFiles { context.warn("\(file)") }
        let heldOut = seeds.evaluationRankings.map(\.prompt) + (seeds.validation + seeds.test).map(\.prompt)
        let judged = try judgeExamples(inputs, heldOut: heldOut)
        warnOfLeaks(seeds.resemblance, judged, context)
        let ledger = seeds.ledger + judged.ledger
        return StageOutputs(
            [
                "examples": try context.write(seeds.examples, to: "examples"),
                "validation": try context.write(seeds.validation, to: "validation"),
                "test": try context.write(seeds.test, to: "test"),
                "rankings-train": try context.write(seeds.trainingRankings, to: "rankings-train"),
                "rankings-eval": try context.write(seeds.evaluationRankings, to: "rankings-eval"),
                "judge-examples": try context.write(judged.rows, to: "judge-examples"),
                "ledger": try context.write(ledger, to: "ledger"),
            ],
            summary: .object([
                "trees": .count(seeds.ledger.count),
                "forms": .counts(
                    Dictionary(uniqueKeysWithValues: collected.forms.map { ($0.key.rawValue, $0.value) })),
                "examples": .count(seeds.examples.count),
                "validation": .count(seeds.validation.count),
                "test": .count(seeds.test.count),
                "rankings_train": .count(seeds.trainingRankings.count),
                "rankings_eval": .count(seeds.evaluationRankings.count),
                "judge_examples": .count(judged.rows.count),
                "judge_scores": .histogram(judged.rows.map { Double($0.score) }),
                "filter": .report(ledger),
                "duplicates": duplicates(seeds, judged),
            ]))
    }

    /// What was dropped, and what is left.
    private func duplicates(
        _ seeds: SeedPreparation.Result, _ judged: EvaluationExampleReader.Selection
    ) -> JSONValue {
        func dropped(_ reason: SeedSelection.Reason) -> JSONValue {
            .count(seeds.ledger.count { $0.reason == reason.rawValue })
        }
        return .object([
            "exact_dropped": dropped(.duplicatePrompt), "near_dropped": dropped(.nearDuplicate),
            "near": .count(seeds.resemblance.prompts), "near_across_parts": .count(seeds.resemblance.acrossParts),
            "near_leaked": .count(seeds.resemblance.leaked),
            "judge_examples_near_held_out": .count(judged.resemblingHeldOut),
        ])
    }

    private func warnOfLeaks(
        _ resemblance: PromptResemblance, _ judged: EvaluationExampleReader.Selection, _ context: StageContext
    ) {
        if judged.resemblingHeldOut > 0 {
            context.warn(
                "\(judged.resemblingHeldOut) of \(judged.rows.count) hand-judged examples have an instruction that "
                    + "resembles a held-out one (ROUGE-L of \(PromptResemblance.bound) or more); "
                    + "'near_duplicates: drop' leaves them out")
        }
        guard let worst = resemblance.worst else { return }
        let similarity = String(format: "%.2f", worst.similarity)
        context.warn(
            "\(resemblance.leaked) of \(resemblance.evaluated) prompts that are evaluated on resemble one that is "
                + "trained on (ROUGE-L of \(PromptResemblance.bound) or more), most of all tree '\(worst.evaluated)' "
                + "tree '\(worst.trained)' (\(similarity)); 'near_duplicates: drop' keeps the first of such prompts "
                + "alone")
    }

    private func trees(_ inputs: StageInputs) throws -> ConversationCollector {
        var collector = ConversationCollector(repeated: parameters.repeatedTrees)
        for file in try inputs.namedBlobs("trees") {
            try SeedFileReader.read(file.url, name: file.name, into: &collector)
        }
        return collector
    }

    private func preparation(_ context: StageContext) -> SeedPreparation {
        var selection = SeedSelection()
        selection.language = parameters.language
        selection.keepsSynthetic = parameters.keepSynthetic
        let split = SeedSplit(
            instruction: parameters.ift, training: parameters.rankingsTrain, evaluation: parameters.rankingsEval,
            validation: parameters.validation, test: parameters.test
        ) { context.seed.child($0, "split").key }
        return SeedPreparation(selection: selection, split: split, nearDuplicates: parameters.nearDuplicates)
    }

    private func judgeExamples(
        _ inputs: StageInputs, heldOut: [String]
    ) throws -> EvaluationExampleReader.Selection {
        guard inputs.isConnected("evaluation-examples") else { return EvaluationExampleReader.Selection() }
        guard inputs.isConnected("rubric") else {
            throw StageError.missingInput(
                stage: Self.kind.rawValue, port: "rubric", because: "'evaluation-examples' are filled into it")
        }
        let template = try JudgeTemplate(blob: "rubric", of: inputs)
        let examples = try inputs.namedBlobs("evaluation-examples").flatMap {
            try EvaluationExampleReader.read($0.url, name: $0.name, scale: template.form.scale)
        }
        return EvaluationExampleReader.select(
            examples, template: template, heldOut: heldOut, nearDuplicates: parameters.nearDuplicates)
    }
}
