import Artifacts
import Pipeline
import Stages
import Testing

@Suite("The best-responses stage")
struct KeepBestResponsesStageTests {
    /// A prompt's candidates and what the judge said of them, each with its text and its verdicts; null cannot be read.
    private static func judged(
        _ prompt: String, _ replies: [(text: String, scores: [Double?])], finish: Finish = .stop
    ) -> (candidates: [Candidate], judgements: [Judgement]) {
        let candidates = replies.enumerated().map {
            Candidate(promptID: prompt, prompt: prompt, index: $0, text: $1.text, tokens: 1, finish: finish)
        }
        let judgements = zip(candidates, replies).map { candidate, reply in
            Judgement(
                candidateID: candidate.id, promptID: prompt,
                verdicts: reply.scores.map {
                    .init(raw: "", finish: .stop, verdict: $0.map { .scored($0) } ?? .unparsable(.noScore))
                })
        }
        return (candidates, judgements)
    }

    private static let replies: [(text: String, scores: [Double?])] = [
        ("perfect", [5, nil, 5]), ("nearly", [5, 5, 4]), ("mute", [nil]), ("perfect", [5]), ("also", [5, 5, 5]),
    ]

    private func run(
        _ harness: StageHarness, _ data: (candidates: [Candidate], judgements: [Judgement]),
        _ change: (inout KeepBestResponsesStage.Parameters) -> Void = { _ in }
    ) async throws -> (kept: [BestResponse], reasons: [String], outputs: StageOutputs) {
        let outputs = try await harness.run(
            KeepBestResponsesStage.self,
            [
                "candidates": [try harness.artifact(data.candidates)],
                "judgements": [try harness.artifact(data.judgements)],
            ], change)
        let ledger = try harness.rows(outputs, "ledger", as: LedgerEntry.self)
        #expect(ledger.map(\.item) == data.candidates.map(\.id))
        return (try harness.rows(outputs, "responses", as: BestResponse.self), ledger.map(\.reason), outputs)
    }

    @Test("by default a perfect mean is kept, each text once, and every candidate has its reason")
    func perfect() async throws {
        let harness = try StageHarness()
        let (kept, reasons, outputs) = try await run(harness, Self.judged("a", Self.replies))
        #expect(kept.map(\.response) == ["perfect", "also"])
        #expect(reasons == ["kept", "scored-lower", "unscored", "same-text", "kept"])
        #expect(outputs.summary["responses"] == .integer(2) && harness.warnings.isEmpty)
        Golden(version: 1, digests: ["ledger": "0bc1656c5bff", "responses": "6a223a074503"]).check(
            KeepBestResponsesStage.self, gives: outputs.artifacts.mapValues(\.digest.short))
    }

    @Test("at most so many of a prompt, the highest first")
    func most() async throws {
        let harness = try StageHarness()
        let (kept, reasons, _) = try await run(harness, Self.judged("a", Self.replies.reversed())) {
            $0.minimumScore = 4
            $0.perPrompt = 2
        }
        #expect(kept.map(\.response) == ["also", "perfect"])
        #expect(reasons == ["kept", "kept", "unscored", "surplus", "same-text"])
    }

    @Test("a mean of thirds that should be whole is whole")
    func rounding() async throws {
        // 4.1 three times sums to 12.299999999999999.
        let (kept, _, _) = try await run(StageHarness(), Self.judged("a", [("x", [4.1, 4.1, 4.1])])) {
            $0.minimumScore = 4.1
        }
        #expect(kept.count == 1)
    }

    @Test("nothing good enough: an empty artifact and a warning that says what to do")
    func none() async throws {
        let harness = try StageHarness()
        let (kept, _, _) = try await run(harness, Self.judged("a", [("x", [1])]))
        #expect(kept.isEmpty)
        #expect(harness.warnings == ["none of 1 responses has a mean of 5.0; lower 'minimum_score'"])
    }

    @Test("a score that no scale has is refused")
    func limits() {
        for score in [-0.5, 10.5, .nan] {
            var parameters = KeepBestResponsesStage.Parameters()
            parameters.minimumScore = score
            #expect(throws: StageError.self) { try KeepBestResponsesStage(parameters: parameters) }
        }
    }
}
