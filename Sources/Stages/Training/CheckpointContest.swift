internal import Artifacts
internal import Model
internal import Pipeline

/// Early stopping as in the paper (§3.1.3): every so many steps the model's answers to held-out prompts are compared with
/// those of the checkpoint before, and training ends once they no longer win. The model is then that checkpoint.
///
/// The first checkpoint is compared with the model that training began with. Whatever is needed to go on after a kill is
/// in staging: the responses and verdicts of each checkpoint, and the weights of the last one that won.
final class CheckpointContest {
    /// How a checkpoint did against the one before.
    struct Round {
        let step: Int
        let verdicts: [PairwiseJudgement]
        let rate: WinRate
        /// More wins than losses: the paper's "no longer wins" leaves it open what a draw is; here it ends training. A
        /// judge of whom nothing can be read does not say so, and training goes on.
        var isWon: Bool { rate.wins > rate.losses || rate.isSilent }
    }

    private let policy: PretrainedModel
    private let conversation: Conversation
    private let prompts: [SampledPrompt]
    private let comparer: ResponseComparer
    private let settings: StoppingSettings
    private let precision: Precision
    private let context: StageContext
    private(set) var rounds: [Round] = []
    /// The step of the checkpoint that is the result so far.
    private(set) var best = 0

    /// - Parameter policy: the model in training, with its weights as they are at each call.
    init(
        policy: PretrainedModel, prompts: [SampledPrompt], comparer: ResponseComparer, settings: StoppingSettings,
        precision: Precision, context: StageContext
    ) throws {
        self.policy = policy
        self.prompts = prompts
        self.comparer = comparer
        self.settings = settings
        self.precision = precision
        self.context = context
        conversation = try Conversation(policy)
    }

    func isDue(at step: Int, isLast: Bool) -> Bool { step > 0 && (isLast || step.isMultiple(of: settings.every)) }

    /// Takes the answers of the model that training begins with, or takes up what an interrupted run found. To be called
    /// before the first step of either.
    /// - Parameter step: where the run is.
    func begin(at step: Int) async throws {
        if step == 0, try context.staging.rows(responsesName(0), as: Candidate.self) == nil {
            try saveWeights(0)
            try await sample(0)
        }
        // Training went on after each of these, so that each of them won.
        for earlier in stride(from: settings.every, to: step, by: settings.every) {
            guard let verdicts = try context.staging.rows(verdictsName(earlier), as: PairwiseJudgement.self) else {
                throw StageError.checkpointLost(step: earlier)
            }
            try rounds.append(round(earlier, verdicts))
            best = earlier
        }
    }

    /// Compares the model after `step` with the last checkpoint.
    /// - Returns: whether training goes on; where not, the model has the weights of that checkpoint again.
    func goesOn(after step: Int) async throws -> Bool {
        let round = try await compare(step)
        rounds.append(round)
        guard round.isWon else {
            guard let weights = try context.staging.open(weightsName(best)) else {
                throw StageError.checkpointLost(step: best)
            }
            try policy.model.takeParameters(of: SafetensorsFile(weights))
            return false
        }
        if try context.staging.open(weightsName(step)) == nil { try saveWeights(step) }
        // Not before the new ones are there: a kill in between loses nothing.
        try context.staging.remove(weightsName(best))
        best = step
        return true
    }

    /// The responses of every checkpoint, and what the judge said of each against the one before.
    func written() throws -> (responses: [Candidate], verdicts: [PairwiseJudgement]) {
        (try ([0] + rounds.map(\.step)).flatMap { try responses(of: $0) }, rounds.flatMap(\.verdicts))
    }

    private func compare(_ step: Int) async throws -> Round {
        if let verdicts = try context.staging.rows(verdictsName(step), as: PairwiseJudgement.self) {
            return try round(step, verdicts)
        }
        if try context.staging.rows(responsesName(step), as: Candidate.self) == nil { try await sample(step) }
        let verdicts = try await comparer.judgements(of: matches(step), list: "stopping-\(step)-judging", context)
        try context.staging.publish(rows: verdicts, as: verdictsName(step))
        return try round(step, verdicts)
    }

    private func round(_ step: Int, _ verdicts: [PairwiseJudgement]) throws -> Round {
        Round(step: step, verdicts: verdicts, rate: WinRate(try matches(step), verdicts))
    }

    /// The responses after `step` against those of the checkpoint before.
    private func matches(_ step: Int) throws -> [ResponseMatch] {
        zip(try responses(of: step), try responses(of: best)).map { ResponseMatch(first: $0, second: $1) }
    }

    // MARK: Checkpoints in staging

    private func responsesName(_ step: Int) -> String { "stopping-\(step)-responses" }

    private func verdictsName(_ step: Int) -> String { "stopping-\(step)-verdicts" }

    private func weightsName(_ step: Int) -> String { "stopping-\(step)-weights" }

    private func responses(of step: Int) throws -> [Candidate] {
        guard let rows = try context.staging.rows(responsesName(step), as: Candidate.self) else {
            throw StageError.checkpointLost(step: step)
        }
        return rows
    }

    private func saveWeights(_ step: Int) throws {
        try context.staging.publish(weightsName(step)) { writer in
            try SafetensorsWriter.write(policy.model) { try writer.write($0) }
        }
    }

    /// The model's answers as it is now. The same random numbers at every checkpoint: what differs is the model.
    private func sample(_ step: Int) async throws {
        let writer = try Writer(
            policy, precision: precision, weights: .full, requests: prompts.count, context: context)
        let rows = try await context.shards(
            "stopping-\(step)-samples", of: Candidate.self, items: prompts.count
        ) { range in
            let requests = try prompts[range].map { prompt in
                GenerationRequest(
                    prompt: try conversation.prompt(prompt.text), maximumNewTokens: settings.maxTokens,
                    stopTokens: conversation.stopTokens, sampling: settings.sampling,
                    randomKey: context.seed.child(prompt.id, "stopping", "response").key)
            }
            return zip(prompts[range], try writer.write(requests, of: prompts.count, unit: "responses")).map {
                Candidate(
                    promptID: $0.id, prompt: $0.text, index: step, text: $1.text, tokens: $1.tokens.count,
                    finish: Finish($1.finish))
            }
        }
        try context.staging.publish(rows: rows, as: responsesName(step))
    }
}

extension CheckpointContest {
    /// How each checkpoint did, and which one the model is.
    var summary: JSONValue {
        .object([
            "chosen_step": .count(best),
            "checkpoints": .array(
                rounds.map { round in
                    .object([
                        "step": .count(round.step), "wins": .count(round.rate.wins), "ties": .count(round.rate.ties),
                        "losses": .count(round.rate.losses), "no_verdict": .count(round.rate.noVerdict),
                    ])
                }),
        ])
    }
}

extension LanguageModel {
    /// Takes over the weights of a file that was written from this model.
    fileprivate func takeParameters(of file: SafetensorsFile) throws {
        let tensors = Dictionary(file.tensors.map { ($0.name, $0) }) { first, _ in first }
        try parameters.withUnsafeMutableBufferPointer { floats in
            for tensor in layout.tensors {
                guard let stored = tensors[tensor.name], stored.count == tensor.range.count else {
                    preconditionFailure("checkpoint: no tensor '\(tensor.name)' of \(tensor.range.count) values")
                }
                try file.read(stored, into: UnsafeMutableBufferPointer(rebasing: floats[tensor.range]))
            }
        }
    }
}
