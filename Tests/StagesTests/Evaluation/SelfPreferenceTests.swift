import Artifacts
import Pipeline
import Stages
import Testing

@Suite("Self-preference")
struct SelfPreferenceTests {
    private struct Place {
        let harness: StageHarness
        let own: [Candidate]
        let other: [Candidate]

        init(prompts: Int, own: (Int) -> String = { "Own \($0)." }, other: (Int) -> String = { "Other \($0)." })
            throws
        {
            harness = try StageHarness()
            func candidates(_ text: (Int) -> String) -> [Candidate] {
                (0..<prompts).map {
                    Candidate(promptID: "p\($0)", prompt: "?", index: 0, text: text($0), tokens: 1, finish: .stop)
                }
            }
            (self.own, self.other) = (candidates(own), candidates(other))
        }

        /// What a judge says of all responses.
        func judgements(own ofOwn: (Int) -> Double?, other ofOther: (Int) -> Double?) throws -> ArtifactReference {
            func judged(_ candidates: [Candidate], _ score: (Int) -> Double?) -> [Judgement] {
                candidates.enumerated().map { index, candidate in
                    let verdict: Verdict = score(index).map { .scored($0) } ?? .unparsable(.noScore)
                    return Judgement(
                        candidateID: candidate.id, promptID: candidate.promptID,
                        verdicts: [.init(raw: "", finish: .stop, verdict: verdict)])
                }
            }
            return try harness.artifact(judged(own, ofOwn) + judged(other, ofOther))
        }

        func run(_ judge: ArtifactReference, _ second: ArtifactReference) async throws -> StageOutputs {
            try await harness.run(
                MeasureSelfPreferenceStage.self,
                [
                    "own": [harness.artifact(own)], "other": [harness.artifact(other)], "judgements": [judge],
                    "second-judgements": [second],
                ]
            ) { ($0.resamples, $0.permutations) = (100, 500) }
        }

        func measurements(_ outputs: StageOutputs) throws -> [String: Measurement] {
            let rows = try harness.rows(outputs, "measurements", as: Measurement.self)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
        }
    }

    @Test("what the judge gives its own responses beyond what a second judge gives them")
    func measured() async throws {
        let place = try Place(prompts: 8)
        // The judge sees two points between them, the second judge one, but for every fourth prompt, where it sees none.
        let outputs = try await place.run(
            place.judgements(own: { _ in 4 }, other: { _ in 2 }),
            place.judgements(own: { $0 % 4 == 0 ? 3 : 4 }, other: { _ in 3 }))
        let found = try place.measurements(outputs)
        #expect(found["own_score_gap"]?.value == 2 && found["own_score_gap_second"]?.value == 0.75)
        let preference = try #require(found["self_preference/own_score_gap"])
        #expect(preference.value == 1.25 && preference.count == 8 && preference.lower != nil)
        // All eight differ, all one way: 2 of 2⁸.
        #expect(found["self_preference/own_score_gap/p"]?.value == 2.0 / 256)
        // Ties count half: 1 against (6 + 2 · ½) / 8.
        #expect(found["own_preferred"]?.value == 1 && found["own_preferred_second"]?.value == 0.875)
        #expect(found["self_preference/own_preferred"]?.value == 0.125)
        Golden(version: 2, digests: ["measurements": "4db64f7d817b"]).check(
            MeasureSelfPreferenceStage.self, gives: outputs.artifacts.mapValues(\.digest.short))
    }

    @Test("a judge that scores as the second one does has none, with p = 1")
    func none() async throws {
        let place = try Place(prompts: 5), judge = try place.judgements(own: { Double($0) }, other: { _ in 2 })
        let found = try place.measurements(await place.run(judge, judge))
        #expect(found["self_preference/own_score_gap"]?.value == 0)
        #expect(found["self_preference/own_score_gap/p"]?.value == 1)
    }

    @Test("equal texts belong to neither, and what one of the judges cannot score is left out")
    func leftOut() async throws {
        let place = try Place(prompts: 4, other: { $0 == 0 ? "Own 0." : "Other \($0)." })
        let outputs = try await place.run(
            place.judgements(own: { _ in 4 }, other: { $0 == 1 ? nil : 2 }),
            place.judgements(own: { $0 == 2 ? nil : 3 }, other: { _ in 3 }))
        #expect(outputs.summary["prompts"] == 1 && outputs.summary["shared_responses"] == 1)
        let found = try place.measurements(outputs)
        #expect(found["own_score_gap"]?.value == 2 && found["own_score_gap"]?.count == 1)
        #expect(found["own_score_gap"]?.lower == nil && found["self_preference/own_score_gap/p"]?.value == 1)
    }

    @Test("nothing in common is warned of, and has no values")
    func nothing() async throws {
        let place = try Place(prompts: 2)
        let silent = try place.judgements(own: { _ in nil }, other: { _ in nil })
        let found = try place.measurements(await place.run(silent, silent))
        #expect(found.values.allSatisfy { $0.value == nil && $0.count == 0 })
        #expect(
            place.harness.warnings == [
                "no prompt has a response of both models that both judges scored: connect responses to the same prompts, "
                    + "and both judges' judgements of all of them"
            ])
    }

    @Test("the same responses of both models leave nothing to compare, and the warning says so")
    func identical() async throws {
        let place = try Place(prompts: 3, own: { "Both \($0)." }, other: { "Both \($0)." })
        let judge = try place.harness.artifact(
            place.own.map {
                Judgement(
                    candidateID: $0.id, promptID: $0.promptID,
                    verdicts: [.init(raw: "", finish: .stop, verdict: .scored(4))])
            })
        let outputs = try await place.run(judge, judge)
        #expect(outputs.summary["shared_responses"] == 3)
        #expect(
            place.harness.warnings == [
                "no prompt has different responses of both models that both judges scored; those that both gave, 3, are "
                    + "left out"
            ])
    }

    @Test("a response judged twice by one judge is refused")
    func twice() async throws {
        let place = try Place(prompts: 2), judge = try place.judgements(own: { _ in 4 }, other: { _ in 2 })
        await #expect(throws: StageError.duplicateJudgement(candidate: place.own[0].id)) {
            try await place.harness.run(
                MeasureSelfPreferenceStage.self,
                [
                    "own": [place.harness.artifact(place.own)], "other": [place.harness.artifact(place.other)],
                    "judgements": [judge, judge], "second-judgements": [judge],
                ])
        }
    }
}
