import Artifacts
import Pipeline
import Stages
import TestSupport
import Testing

@Suite("Two models head to head")
struct HeadToHeadStageTests {
    private static let pairwise = "Compare.\nUser: {instruction}\n<a>{first}</a>\n<a>{second}</a>\n"

    /// Some texts of each of two models to the same prompts.
    private func candidates(_ harness: StageHarness, _ texts: [String]) throws -> ArtifactReference {
        try harness.artifact(
            texts.enumerated().map { index, text in
                Candidate(
                    promptID: "p\(index)", prompt: "Name \(index) rivers.", index: 0, text: text, tokens: 3,
                    finish: .stop)
            })
    }

    private struct Place {
        let loop: TinyLoop
        let inputs: [String: [ArtifactReference]]
    }

    private func place(rubric: String = pairwise) async throws -> Place {
        var loop = try TinyLoop()
        try await loop.prepare()
        let harness = loop.harness
        return Place(
            loop: loop,
            inputs: [
                "model": [try loop.artifact("m0.model")], "rubric": [try harness.blob(rubric)],
                "candidates": [try candidates(harness, ["The Rhine.", "The Elbe and the Oder.", "None", "Same."])],
                "baseline": [try candidates(harness, ["Rhine", "Elbe", "I know none.", "Same."])],
            ])
    }

    @Test(
        "a match is judged in both orders, an equal one not at all, and every reply is kept",
        arguments: [false, true])
    func judges(pointwise: Bool) async throws {
        let place = try await place(rubric: pointwise ? "Rate.\n{instruction}\n{response}\n" : Self.pairwise)
        let outputs = try await place.loop.harness.run(HeadToHeadStage.self, place.inputs) {
            ($0.maxTokens, $0.scoring, $0.samples, $0.resamples) = (8, .expected, 2, 50)
        }
        let rows = try place.loop.harness.rows(outputs, "judgements", as: PairwiseJudgement.self)
        #expect(rows.count == 4 && rows.dropLast().allSatisfy { $0.replies.count == 4 })
        let shown = Set(rows.flatMap(\.replies).map(\.shown))
        #expect(shown == (pointwise ? [.first, .second] : [.firstThenSecond, .secondThenFirst]))
        #expect(rows.dropLast().allSatisfy { $0.replies.allSatisfy { $0.value != nil } })
        #expect(rows[3].outcome == .tie && rows[3].replies.isEmpty)
        let measurements = try place.loop.harness.rows(outputs, "measurements", as: Measurement.self)
        #expect(measurements.first { $0.name == "win_rate" }?.count == 4)
    }

    @Test("threads, batch and shards change nothing, and neither does an interruption")
    func sameDigests() async throws {
        let place = try await place(), harness = place.loop.harness
        func run(_ execution: ExecutionOptions, key: String = "a", stopAfter: Int = .max) async throws -> StageOutputs
        {
            try await harness.run(
                HeadToHeadStage.self, place.inputs, execution: execution, key: key, stopAfter: stopAfter
            ) { ($0.maxTokens, $0.temperature, $0.scoring, $0.resamples) = (6, 0.7, .expected, 50) }
        }
        let plain = try await run(ExecutionOptions())
        var other = ExecutionOptions()
        (other.threads, other.batchSize, other.shardSize) = (2, 1, .rows(1))
        #expect(try await run(other, key: "b").artifacts == plain.artifacts)
        await #expect(throws: CancellationError.self) { try await run(other, key: "c", stopAfter: 2) }
        #expect(try await run(other, key: "c").artifacts == plain.artifacts)
    }

    @Test("a model against itself ties everywhere, without a judge")
    func itself() async throws {
        let place = try await place()
        var inputs = place.inputs
        inputs["baseline"] = inputs["candidates"]
        let outputs = try await place.loop.harness.run(HeadToHeadStage.self, inputs) { $0.resamples = 50 }
        #expect(outputs.summary["ties"] == .integer(4) && outputs.summary["wins"] == .integer(0))
        let rate = try place.loop.harness.rows(outputs, "measurements", as: Measurement.self)[0]
        let interval = try #require(rate.lower)...(try #require(rate.upper))
        #expect(rate.value == 0.5 && interval.contains(0.5) && interval.lowerBound + interval.upperBound == 1)
        #expect(place.loop.harness.warnings == ["no match has two different responses; the judge was not asked"])
    }

    @Test("a judge that names nobody gives no verdict, and no number in its place")
    func noVerdict() async throws {
        let place = try await place()
        let outputs = try await place.loop.harness.run(HeadToHeadStage.self, place.inputs) {
            ($0.maxTokens, $0.resamples) = (2, 50)
        }
        #expect(outputs.summary["no_verdict"] == .integer(3))
        let rate = try place.loop.harness.rows(outputs, "measurements", as: Measurement.self)[0]
        #expect(rate.count == 1, "the equal texts alone have an outcome")
    }

    @Test("responses without a counterpart are left out and told of; none at all is no number")
    func counterparts() async throws {
        let place = try await place(), harness = place.loop.harness
        var inputs = place.inputs
        inputs["baseline"] = [try candidates(harness, ["Rhine"])]
        let outputs = try await harness.run(HeadToHeadStage.self, inputs) {
            ($0.maxTokens, $0.scoring, $0.resamples) = (2, .expected, 50)
        }
        #expect(outputs.summary["matches"] == .integer(1))
        #expect(
            harness.warnings == [
                "1 matches of 4 candidates and 1 of the baseline: the others have no counterpart"
            ])
        inputs["baseline"] = [try harness.artifact([Candidate]())]
        let empty = try await harness.run(HeadToHeadStage.self, inputs)
        #expect(try harness.rows(empty, "measurements", as: Measurement.self)[0].value == nil)
    }

    @Test("what cannot be compared is refused")
    func refusals() async throws {
        let place = try await place(), harness = place.loop.harness
        let baseline = try #require(place.inputs["baseline"])
        let inputs = place.inputs.merging(["baseline": baseline + baseline]) { _, twice in twice }
        await #expect(throws: StageError.repeatedResponse(port: "baseline", prompt: "p0", index: 0)) {
            try await harness.run(HeadToHeadStage.self, inputs)
        }
        await #expect(throws: StageError.self) {
            try await harness.run(HeadToHeadStage.self, place.inputs) { $0.workedExamples = 1 }
        }
    }
}
