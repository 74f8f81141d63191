import Artifacts
import Pipeline
import Stages
import Testing

@Suite("The likelihood of responses as a judge")
struct LikelihoodBaselineTests {
    private static let prompt = "Name two rivers."
    private static let texts = ["The Rhine and the Elbe.", "rivers rivers zq zq xx", ""]

    private func ranking(_ texts: [String]) -> Ranking {
        Ranking(
            tree: "t", prompt: Self.prompt,
            responses: texts.enumerated().map { .init(id: "r\($0.offset)", text: $0.element, rank: $0.offset) })
    }

    private func prepared() async throws -> TinyLoop {
        var loop = try TinyLoop()
        try await loop.prepare()
        return loop
    }

    private func run(
        _ loop: TinyLoop, _ rankings: [Ranking], execution: ExecutionOptions = ExecutionOptions(),
        key: String = "a", stopAfter: Int = .max
    ) async throws -> StageOutputs {
        try await loop.harness.run(
            LikelihoodBaselineStage.self,
            ["model": [loop.artifact("m0.model")], "rankings": [loop.harness.artifact(rankings)]],
            execution: execution, key: key, stopAfter: stopAfter
        ) { $0.resamples = 50 }
    }

    @Test("a score is the mean log-probability of the response's tokens, as DPO's reference has it")
    func sameAsReference() async throws {
        let loop = try await prepared(), harness = loop.harness
        let outputs = try await run(loop, [ranking(Self.texts)])
        let judgements = try harness.rows(outputs, "judgements", as: Judgement.self)
        #expect(judgements.map(\.candidateID) == ["r0", "r1", "r2"])
        let both = Self.texts.prefix(2).enumerated().map { index, text in
            Candidate(promptID: "p", prompt: Self.prompt, index: index, text: text, tokens: 1, finish: .stop)
        }
        let pairs = try harness.artifact([PreferencePair(chosen: both[0], score: 5, rejected: both[1], score: 1)])
        let scored = try await harness.run(
            ScoreReferenceStage.self, ["model": [loop.artifact("m0.model")], "pairs": [pairs]])
        let reference = try #require(
            try harness.rows(scored, "reference-logps", as: ReferenceLogProbabilities.self).first)
        #expect(judgements[0].score == reference.chosen / Double(reference.chosenTokens))
        #expect(judgements[1].score == reference.rejected / Double(reference.rejectedTokens))
        // An empty response is its closing token.
        #expect((judgements[2].score ?? 0) < 0)
        #expect(harness.warnings.isEmpty)
    }

    @Test("its measurements are a judge's, but for those of a scale")
    func measurements() async throws {
        let loop = try await prepared()
        let outputs = try await run(loop, [ranking(Self.texts), ranking(Self.texts.reversed())])
        let rows = try loop.harness.rows(outputs, "measurements", as: Measurement.self)
        let found = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
        // The same three responses in both orders: three pairs right in one, the others in the other.
        #expect(found["pairwise_accuracy"]?.value == 0.5 && found["pairwise_accuracy"]?.count == 6)
        #expect(found["parse_rate"]?.value == 1 && found["score_share_5"] == nil && found["five_best"] == nil)
    }

    @Test("what the context has no room for is unscored, and warned of")
    func doesNotFit() async throws {
        let loop = try await prepared()
        let outputs = try await run(loop, [ranking(["Rhine.", String(repeating: "zq ", count: 3000)])])
        let judgements = try loop.harness.rows(outputs, "judgements", as: Judgement.self)
        #expect(judgements[0].score != nil && judgements[1].score == nil)
        #expect(judgements[1].verdicts.map(\.reason) == [.doesNotFit])
        #expect(outputs.summary["unscored"] == 1)
        #expect(
            loop.harness.warnings == [
                "1 of 2 scores are missing: their prompts do not fit the model's context"
            ])
    }

    @Test("no rankings are warned of")
    func empty() async throws {
        let loop = try await prepared()
        let outputs = try await run(loop, [])
        #expect(outputs.artifacts["judgements"]?.rows == 0)
        #expect(loop.harness.warnings == ["no rankings; what a judge must beat is not known"])
    }

    @Test("threads and shards change nothing, and neither does an interruption")
    func sameDigests() async throws {
        let loop = try await prepared()
        let rankings = (0..<5).map { index in
            Ranking(
                tree: "t\(index)", prompt: "Name \(index) rivers.",
                responses: Self.texts.enumerated().map {
                    .init(id: "\(index)-\($0.offset)", text: $0.element, rank: $0.offset)
                })
        }
        let plain = try await run(loop, rankings)
        let other = ExecutionOptions(threads: 2, shardSize: .rows(1), batchSize: 1)
        #expect(try await run(loop, rankings, execution: other, key: "b").artifacts == plain.artifacts)
        await #expect(throws: CancellationError.self) {
            try await run(loop, rankings, execution: other, key: "c", stopAfter: 2)
        }
        #expect(try await run(loop, rankings, execution: other, key: "c").artifacts == plain.artifacts)
    }
}
