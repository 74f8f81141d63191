internal import Artifacts
public import Pipeline

/// What becomes of a prompt that is too much like one of an evaluation set.
public enum ContaminationAction: String, ParameterChoice {
    case drop
    /// Kept, with its reason in the ledger.
    case flag
}

/// `decontaminate`: takes generated prompts out that models are evaluated on.
///
/// The paper does not say whether its generated prompts were compared with AlpacaEval's or MT-Bench's. A stage of its own
/// beside `self-instruct`, so that another evaluation set does not mean writing all prompts again.
package struct DecontaminatePromptsStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case names, fields, action, run
            case maxSimilarity = "max_similarity"
        }

        /// Of the evaluation sets, in the order in which they are connected; by default `evaluation 1` and so on.
        package var names: [String] = []
        /// Where a row of an evaluation set has its text: the first of these that it has.
        package var fields = ["prompt", "instruction", "question", "turns", "text"]
        package var action = ContaminationAction.drop
        /// So many words in a row must not be shared: 13 for GPT-3 (Brown et al., 2020, appendix C).
        package var run = 13
        /// The ROUGE-L F1 above which a prompt is too similar: Self-Instruct's for its own tasks. At 1 only equal words are.
        package var maxSimilarity = 0.7

        package init() {}
    }

    package static let kind: StageKind = "decontaminate"
    package static let version = 1
    package static let inputs = [
        Port("prompts", schema: GeneratedPrompt.schema.description, acceptsMany: true),
        Port("evaluation", schema: ArtifactReference.blobSchema, isOptional: true, acceptsMany: true),
        Port("rankings", schema: Ranking.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("prompts", schema: GeneratedPrompt.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.run, in: 1...ParameterLimit.count, "run")
        try Self.require(
            (0...1).contains(parameters.maxSimilarity), "max_similarity",
            "is \(parameters.maxSimilarity); it must be from 0 to 1")
        try Self.require(!parameters.fields.isEmpty, "fields", "is empty; name where the text of a row is")
        try Self.require(
            Set(parameters.names).count == parameters.names.count && !parameters.names.contains(""), "names",
            "holds a name twice, or an empty one")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let prompts = try inputs.rows("prompts", as: GeneratedPrompt.self)
        let sets = try evaluationSets(inputs)
        if sets.allSatisfy(\.items.isEmpty) { context.warn("the evaluation sets are empty; all prompts are kept") }
        let check = ContaminationCheck(
            sets, runLength: parameters.run, maximumSimilarity: parameters.maxSimilarity)
        var kept: [GeneratedPrompt] = []
        var ledger: [LedgerEntry] = []
        var found: [String: Int] = [:]
        for set in sets { found[set.name] = 0 }
        for prompt in prompts {
            let finding = check.finding(in: prompt.text)
            if let finding { found[finding.set, default: 0] += 1 }
            let isKept = finding == nil || parameters.action == .flag
            if isKept { kept.append(prompt) }
            ledger.append(
                LedgerEntry(
                    item: prompt.id, decision: isKept ? .kept : .dropped, reason: finding?.reason ?? .clean,
                    detail: [finding?.detail, prompt.text].compactMap { $0 }.joined(separator: ": ")))
        }
        return StageOutputs(
            [
                "prompts": try context.write(kept, to: "prompts"),
                "ledger": try context.write(ledger, to: "ledger"),
            ],
            summary: .object([
                "prompts": .count(kept.count), "filter": .report(ledger), "found_in": .counts(found),
                "compared_with": .counts(
                    Dictionary(sets.map { ($0.name, $0.items.count) }, uniquingKeysWith: +)),
            ]))
    }

    private func evaluationSets(_ inputs: StageInputs) throws -> [EvaluationSet] {
        guard inputs.isConnected("evaluation") || inputs.isConnected("rankings") else {
            throw StageError.missingInput(
                stage: Self.kind.rawValue, port: "evaluation", because: "there is nothing to compare prompts with")
        }
        let files = inputs.isConnected("evaluation") ? try inputs.namedBlobs("evaluation") : []
        try Self.require(
            parameters.names.isEmpty || parameters.names.count == files.count, "names",
            "has \(parameters.names.count) names for \(files.count) files of 'evaluation'")
        var sets = try files.enumerated().map { index, file in
            let name = parameters.names.isEmpty ? "evaluation \(index + 1)" : parameters.names[index]
            return try EvaluationSet.read(file, as: name, fields: parameters.fields)
        }
        if let rankings = try inputs.optionalRows("rankings", as: Ranking.self) {
            let items = rankings.map { EvaluationSet.Item(place: $0.id, text: $0.prompt) }
            sets.append(EvaluationSet(name: "rankings", items: items))
        }
        return sets
    }
}
