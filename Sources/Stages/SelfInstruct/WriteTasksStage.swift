internal import Artifacts
package import Model
package import Pipeline

/// `self-instruct`: lets a model write new prompts after eight demonstrations (paper §2.2, §3.1.3).
package struct WriteTasksStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case prompts, temperature, opening, precision, weights
            case topP = "top_p", maxTokens = "max_tokens"
            case demonstrations, ownDemonstrations = "own_demonstrations"
            case maxSimilarity = "max_similarity", requestsPerRound = "requests_per_round", maxRounds = "max_rounds"
            case tasksPerReply = "tasks_per_reply"
            case keepCase = "keep_case", splitWithoutSpace = "split_without_space"
            case asciiStart = "ascii_start", keepCompleteTasks = "keep_complete_tasks"
        }

        /// How many prompts to write. The paper's iterations end with 3,964 and 6,942 pairs (§3.1.3).
        package var prompts = 1000
        /// Paper §3.1.3.
        package var temperature = 0.6
        /// Paper §3.1.3.
        package var topP = 0.9
        /// Self-Instruct's limit.
        package var maxTokens = 1024
        /// Shown at once: paper §3.1.3, six of the seed examples and two of its own.
        package var demonstrations = 8
        package var ownDemonstrations = 2
        /// The ROUGE-L F1 above which a task is too like another: Self-Instruct's 0.7.
        package var maxSimilarity = 0.7
        /// Requests of one round see the same tasks of its own; each round adds to them.
        package var requestsPerRound = 32
        /// After so many rounds it ends with what it has.
        package var maxRounds = 100
        /// The reply is ended before its next number: Self-Instruct stops at `16`, seven tasks after the eighth.
        package var tasksPerReply = 7
        package var opening = TaskPrompt.opening
        /// Off: lower-case all but the first letter, as Self-Instruct does; it spoils names.
        package var keepCase = true
        /// Off: `11.Text` is no new task, as in Self-Instruct; two tasks fuse.
        package var splitWithoutSpace = true
        /// Off: take tasks that begin with a letter outside ASCII.
        package var asciiStart = true
        /// On: keep the complete tasks of a reply that was cut off; Self-Instruct discards them.
        package var keepCompleteTasks = false
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the model that writes: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}
    }

    package static let kind: StageKind = "self-instruct"
    package static let version = 2
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description),
        Port("examples", schema: SeedExample.schema.description, acceptsMany: true),
        // Prompts of earlier iterations, which are not to be written again.
        Port("earlier", schema: GeneratedPrompt.schema.description, isOptional: true, acceptsMany: true),
        // Instructions that models are evaluated on, and must not be trained on.
        Port("held-out", schema: Ranking.schema.description, isOptional: true, acceptsMany: true),
    ]
    package static let outputs = [
        Port("prompts", schema: GeneratedPrompt.schema.description),
        Port("replies", schema: TaskReply.schema.description),
        Port("ledger", schema: LedgerEntry.schema.description),
    ]

    private let parameters: Parameters
    private let sampling: SamplingParameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        sampling = SamplingParameters(temperature: parameters.temperature, topP: parameters.topP)
        try sampling.validate()
        try parameters.weights.validate(parameters.precision)
        for (name, value) in [
            ("prompts", parameters.prompts), ("max_tokens", parameters.maxTokens),
            ("demonstrations", parameters.demonstrations), ("requests_per_round", parameters.requestsPerRound),
            ("max_rounds", parameters.maxRounds), ("tasks_per_reply", parameters.tasksPerReply),
        ] {
            try Self.require(value, in: 1...ParameterLimit.count, name)
        }
        try Self.require(
            (0...parameters.demonstrations).contains(parameters.ownDemonstrations), "own_demonstrations",
            "is \(parameters.ownDemonstrations); it must be from 0 to the number of demonstrations")
        try Self.require(
            (0...1).contains(parameters.maxSimilarity), "max_similarity",
            "is \(parameters.maxSimilarity); it must be from 0 to 1")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let examples = try inputs.rows("examples", as: SeedExample.self)
        let earlier = try inputs.optionalRows("earlier", as: GeneratedPrompt.self) ?? []
        let heldOut = try inputs.optionalRows("held-out", as: Ranking.self) ?? []
        var pool = pool(
            examples,
            others: earlier.map { Demonstration(id: $0.id, text: $0.text) }
                + heldOut.map { Demonstration(id: $0.id, text: $0.prompt) })
        // Another iteration draws other demonstrations: the same ones would bring the same tasks again.
        let seed = earlier.isEmpty ? context.seed : context.seed.child("after \(earlier.count) prompts")
        var replies: [TaskReply] = []
        if examples.isEmpty {
            context.warn("no examples to show; the prompts are empty")
        } else {
            let writer = try Writer(
                try context.model("model", of: inputs), precision: parameters.precision,
                weights: parameters.weights, requests: parameters.requestsPerRound, context: context)
            for round in 0..<parameters.maxRounds where pool.prompts.count < parameters.prompts {
                replies += try await self.round(round, &pool, writer, seed, context)
                context.note(["prompts": Double(pool.prompts.count), "rounds": Double(round + 1)])
            }
        }
        context.warnOfPromptsThatDoNotFit(replies.map(\.finish), unit: "replies")
        if pool.prompts.count < parameters.prompts, !examples.isEmpty {
            context.warn(
                "\(pool.prompts.count) prompts after \(parameters.maxRounds) rounds, not \(parameters.prompts); "
                    + "the ledger says why tasks were dropped")
        }
        let prompts = Array(pool.prompts.prefix(parameters.prompts))
        let ledger = pool.ledger(keeping: parameters.prompts)
        return StageOutputs(
            [
                "prompts": try context.write(prompts, to: "prompts"),
                "replies": try context.write(replies, to: "replies"),
                "ledger": try context.write(ledger, to: "ledger"),
            ],
            summary: .object([
                "prompts": .count(prompts.count), "replies": .count(replies.count),
                "filter": .report(ledger),
                "mean_characters": .number(mean(prompts.map { Double($0.text.count) })),
            ]))
    }

    private func pool(_ examples: [SeedExample], others: [Demonstration]) -> TaskPool {
        var pool = TaskPool(
            seeds: examples.map { Demonstration(id: $0.id, text: $0.prompt) },
            others: others, maximumSimilarity: parameters.maxSimilarity)
        pool.splitter.splitsWithoutSpace = parameters.splitWithoutSpace
        pool.filter.keepsCase = parameters.keepCase
        pool.filter.requiresASCIIStart = parameters.asciiStart
        pool.keepsCompleteTasksOfCutOffReplies = parameters.keepCompleteTasks
        return pool
    }

    /// Asks for one round of replies and takes them in, in the order of the requests.
    private func round(
        _ round: Int, _ pool: inout TaskPool, _ writer: Writer, _ seed: SeedPath, _ context: StageContext
    ) async throws -> [TaskReply] {
        let (seeds, own) = (pool.seeds, pool.own)
        let prompts = (0..<parameters.requestsPerRound).map { request in
            var generator = Philox(key: seed.child("round \(round)", String(request), "demonstrations").key)
            return TaskPrompt(
                opening: parameters.opening,
                demonstrations: TaskPrompt.draw(
                    seeds: seeds, own: own, total: parameters.demonstrations,
                    generated: parameters.ownDemonstrations, generator: &generator))
        }
        let replies = try await context.shards("round-\(round)", of: TaskReply.self, items: prompts.count) { range in
            let requests = range.map { request in
                generation(
                    prompts[request], writer.model.tokenizer,
                    key: seed.child("round \(round)", String(request), "reply").key)
            }
            let results = try writer.write(requests, of: nil, unit: "replies")
            return zip(range, results).map { request, result in
                TaskReply(
                    round: round, request: request, demonstrations: prompts[request].demonstrations.map(\.id),
                    text: result.text, tokens: result.tokens.count, finish: Finish(result.finish))
            }
        }
        for (prompt, reply) in zip(prompts, replies) {
            pool.take(
                TaskPool.Reply(
                    text: reply.text, isCutOff: reply.finish != .stop, prompt: prompt, round: round,
                    request: reply.request))
        }
        return replies
    }

    /// The prompt is plain text to be continued, not a chat turn.
    private func generation(_ prompt: TaskPrompt, _ tokenizer: Tokenizer, key: UInt64) -> GenerationRequest {
        let beginning = tokenizer.definition.addsBeginning ? tokenizer.beginning.map { [$0] } ?? [] : []
        // Self-Instruct also stops at a bare `16.`, which cuts tasks that speak of one; only a new line counts here.
        let next = prompt.demonstrations.count + 1 + parameters.tasksPerReply
        return GenerationRequest(
            prompt: beginning + tokenizer.encode(prompt.text), maximumNewTokens: parameters.maxTokens,
            stopTokens: tokenizer.endTokens, stopStrings: ["\n\n", "\n\(next)"],
            sampling: sampling, randomKey: key)
    }
}
