import Artifacts
import Model
import Pipeline
import Stages
import Testing

@Suite("Mismatched completions, which KTO takes its divergence from")
struct MismatchedCompletionTests {
    private func pair(_ prompt: String, _ chosen: String, _ rejected: String = "No, never.") -> PreferencePair {
        let both = [chosen, rejected].enumerated().map { index, text in
            Candidate(promptID: prompt, prompt: prompt, index: index, text: text, tokens: 1, finish: .stop)
        }
        return PreferencePair(chosen: both[0], score: 5, rejected: both[1], score: 1)
    }

    private func score(
        _ pairs: [PreferencePair], _ loop: TinyLoop, mismatched: Bool = true, maxTokens: Int = 2_048,
        shard: Int? = nil
    ) async throws -> (pairs: ArtifactReference, scores: ArtifactReference) {
        let artifact = try loop.harness.artifact(pairs)
        var execution = ExecutionOptions()
        if let shard { execution.shardSize = .rows(shard) }
        let outputs = try await loop.harness.run(
            ScoreReferenceStage.self, ["model": [try loop.artifact("m0.model")], "pairs": [artifact]],
            execution: execution
        ) { ($0.precision, $0.mismatched, $0.maxTokens) = (.single, mismatched, maxTokens) }
        return (artifact, try #require(outputs.artifacts["reference-logps"]))
    }

    private func rows(_ reference: ArtifactReference, _ loop: TinyLoop) throws -> [ReferenceLogProbabilities] {
        try loop.harness.store.reader(reference, as: ReferenceLogProbabilities.self).all()
    }

    private func train(
        _ loop: TinyLoop, _ pairs: ArtifactReference, _ scores: ArtifactReference, loss: String = "kto"
    ) async throws -> StageOutputs {
        try await loop.harness.run(
            PreferenceTrainingStage.self,
            ["model": [try loop.artifact("m0.model")], "pairs": [pairs], "reference-logps": [scores]]
        ) { ($0.dropout, $0.precision, $0.loss) = (0, .single, loss) }
    }

    @Test("a pair's are the responses of the next pair with another prompt, the first coming after the last")
    func partners() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let pairs = [
            pair("Hi.", "Yes."), pair("Hi.", "Oh yes."), pair("Who?", "I do."), pair("Why?", "So."),
            pair("Hi.", "Well."),
        ]
        let scored = try rows(try await score(pairs, loop).scores, loop)
        let others = [2, 2, 3, 4, 2]
        #expect(scored.map { $0.mismatched?.pair } == others.map { pairs[$0].id })
        // What a pair of these very texts would get.
        let swapped = zip(pairs, others).map { pair($0.prompt, pairs[$1].chosen, pairs[$1].rejected) }
        let expected = try rows(try await score(swapped, loop, mismatched: false).scores, loop)
        for (row, same) in zip(scored, expected) {
            let mismatched = try #require(row.mismatched)
            #expect(mismatched.chosen == same.chosen && mismatched.chosenTokens == same.chosenTokens)
            #expect(mismatched.rejected == same.rejected && mismatched.rejectedTokens == same.rejectedTokens)
        }
        // Nothing of it depends on how the work is cut.
        #expect(try rows(try await score(pairs, loop, shard: 2).scores, loop) == scored)
    }

    @Test("they are cut to what fits behind the prompt, and dpo cuts them alike")
    func longResponses() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let long = String(repeating: "Again, and then ", count: 20)
        let pairs = [pair(long, "Yes."), pair("Who?", long)]
        let whole = try rows(try await score(pairs, loop).scores, loop)
        let limit = try #require(whole.map { max($0.chosenTokens, $0.rejectedTokens) }.max()) + 40
        let scored = try await score(pairs, loop, maxTokens: limit)
        let cut = try rows(scored.scores, loop)
        #expect(cut.count == 2)
        let (before, after) = (try #require(whole[0].mismatched), try #require(cut[0].mismatched))
        #expect(after.chosenTokens < before.chosenTokens && after.chosen > before.chosen)
        #expect(cut[1].mismatched == whole[1].mismatched)
        let log = try loop.harness.rows(
            try await train(loop, scored.pairs, scored.scores), "training-log", as: TrainingStep.self)
        // The policy is its reference at the first step, to the bit.
        #expect(log.first?.metrics["kl"] == 0 && log.first?.metrics["loss"] == 0.5)
    }

    @Test("rows without them are written as they were before they were known")
    func bytes() throws {
        let row = ReferenceLogProbabilities(
            pair: "p", precision: .single, chosen: -1.5, rejected: -2, chosenTokens: 1, rejectedTokens: 2)
        let text = String(decoding: try CanonicalJSON.encode(encodable: row), as: UTF8.self)
        #expect(
            text
                == #"{"chosen":-1.5,"chosen_tokens":1,"id":"p","precision":"f32","rejected":-2.0,"rejected_tokens":2}"#
        )
    }

    @Test("kto refuses log-probabilities without them by naming the parameter; other losses do not need them")
    func refusal() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let pairs = [pair("Hi.", "Yes."), pair("Who?", "I do.")]
        let plain = try await score(pairs, loop, mismatched: false), with = try await score(pairs, loop)
        let refusal = StageError.noMismatchedCompletion(pair: pairs[0].id)
        #expect("\(refusal)".hasSuffix("set 'mismatched: true' of the 'reference-logps' stage"))
        await #expect(throws: refusal) { try await train(loop, plain.pairs, plain.scores) }
        // The next pair is not among those that dpo gets.
        let first = try loop.harness.artifact([pairs[0]])
        await #expect(throws: StageError.mismatchedPairMissing(pair: pairs[0].id, mismatched: pairs[1].id)) {
            try await train(loop, first, with.scores)
        }
        let models = try await [plain, with].asyncMap {
            try await train(loop, $0.pairs, $0.scores, loss: "sigmoid").artifacts["model"]
        }
        #expect(models[0] == models[1])
    }

    @Test("pairs of one prompt have none, and the stage says so")
    func onePrompt() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        let pairs = [pair("Hi.", "Yes."), pair("Hi.", "Oh yes.")]
        await #expect(throws: StageError.noOtherPrompt(pairs: 2)) { try await score(pairs, loop) }
        #expect(try rows(try await score(pairs, loop, mismatched: false).scores, loop).count == 2)
        #expect(try rows(try await score([], loop).scores, loop).isEmpty)
    }

    @Test("a stage whose rows depend on each other is not audited row by row")
    func rowWise() throws {
        var parameters = ScoreReferenceStage.Parameters()
        #expect(try ScoreReferenceStage(parameters: parameters).rowPort == "pairs")
        parameters.mismatched = true
        #expect(try ScoreReferenceStage(parameters: parameters).rowPort == nil)
    }
}

extension Array {
    fileprivate func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var result: [T] = []
        for element in self { result.append(try await transform(element)) }
        return result
    }
}
