import Artifacts
import Foundation
import Pipeline
import Stages
import Testing

@Suite("Strengths from comparisons")
struct BradleyTerryTests {
    @Test("two items: the strengths solve the likelihood's equations")
    func twoItems() {
        // Three wins to one, and a tie of each with strength 1: p/(p+q)·4 + p/(p+1) = 3.5, and the same of q.
        let strengths = BradleyTerry.strengths(wins: [[0, 3], [1, 0]])
        let (p, q) = (strengths[0], strengths[1])
        #expect(abs(4 * p / (p + q) + p / (p + 1) - 3.5) < 1e-9)
        #expect(abs(4 * q / (p + q) + q / (q + 1) - 1.5) < 1e-9)
    }

    @Test("the order of a full round robin is that of the wins; equal records are equal; nothing is infinite")
    func order() {
        let all = BradleyTerry.strengths(wins: [[0, 1, 1], [0, 0, 1], [0, 0, 0]])
        #expect(all[0] > all[1] && all[1] > all[2] && all.allSatisfy(\.isFinite))
        #expect(abs(all[0] * all[2] - 1) < 1e-9, "who always wins and who always loses mirror one another")
        let circle = BradleyTerry.strengths(wins: [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
        #expect(circle.allSatisfy { abs($0 - 1) < 1e-9 })
        #expect(BradleyTerry.strengths(wins: []) == [] && BradleyTerry.strengths(wins: [[0]]) == [1])
    }
}

@Suite("Pairs of judgements")
struct MetaJudgeTests {
    private static let rubric = "Rate.\nUser: {instruction}\n{response}\n"

    /// One prompt's response with these verdicts, beside another of which the judge is sure.
    private struct Place {
        let harness: StageHarness
        let inputs: [String: [ArtifactReference]]
        /// Held on to: it answers for as long as it lives.
        private let server: FakeChatServer

        init(_ server: FakeChatServer, prompts: [[String]]) async throws {
            self.server = server
            harness = try StageHarness()
            var candidates: [Candidate] = [], judgements: [Judgement] = []
            for (index, verdicts) in prompts.enumerated() {
                for (place, replies) in [["Sure. Score: 3", "Yes. Score: 3"], verdicts].enumerated() {
                    let candidate = Candidate(
                        promptID: "p\(index)", prompt: "Question \(index)?", index: place, text: "Answer \(place).",
                        tokens: 2, finish: .stop)
                    candidates.append(candidate)
                    judgements.append(
                        Judgement(
                            candidateID: candidate.id, promptID: candidate.promptID,
                            verdicts: replies.map {
                                .init(raw: $0, finish: .stop, verdict: VerdictParser().parse($0, finish: .stop))
                            }))
                }
            }
            let connected = try await harness.run(ConnectModelStage.self, [:]) { $0.url = server.url }
            inputs = [
                "model": [try #require(connected.artifacts["model"])],
                "candidates": [try harness.artifact(candidates)],
                "judgements": [try harness.artifact(judgements)], "rubric": [try harness.blob(rubric)],
                "meta-rubric": [try harness.blob("T: {instruction}\nA: {first}\nB: {second}\nWhich?")],
            ]
        }

        func run(share: Double = 1) async throws -> (
            pairs: [PreferencePair], reasons: [String], outputs: StageOutputs
        ) {
            let outputs = try await harness.run(MetaJudgeStage.self, inputs) { $0.maxScoreShare = share }
            return (
                try harness.rows(outputs, "pairs", as: PreferencePair.self),
                try harness.rows(outputs, "ledger", as: LedgerEntry.self).map(\.reason), outputs
            )
        }
    }

    /// Prefers the reasons that come first in this list, wherever they stand.
    private static func preferring(_ order: [String]) throws -> FakeChatServer {
        try FakeChatServer { request, _ in
            struct Body: Decodable { let messages: [[String: String]] }
            let text =
                (try? JSONDecoder().decode(Body.self, from: Data(request.body.utf8)))?.messages.last?["content"] ?? ""
            let lines = text.split(separator: "\n")
            func rank(_ prefix: String) -> Int {
                let line = lines.first { $0.hasPrefix(prefix) } ?? ""
                return order.firstIndex { line.contains($0) } ?? order.count
            }
            return .reply(
                rank("A:") == rank("B:") ? "Verdict: tie" : rank("A:") < rank("B:") ? "Verdict: A" : "Verdict: B")
        }
    }

    @Test("the response that the judge disagrees on is taken, and its best judgement is chosen over its worst")
    func pairs() async throws {
        let server = try Self.preferring(["exact", "fair", "rude"])
        let place = try await Place(
            server, prompts: [["It is rude. Score: 1", "It is exact. Score: 4", "It is fair. Score: 3"]])
        let (pairs, reasons, outputs) = try await place.run()
        let pair = try #require(pairs.first)
        #expect(pairs.count == 1 && reasons == ["compared"])
        #expect(pair.prompt == "Rate.\nUser: Question 0?\nAnswer 1.")
        #expect((pair.chosen, pair.rejected) == ("It is exact. Score: 4", "It is rude. Score: 1"))
        #expect(try #require(pair.scoreGap) > 0 && pair.chosenFinish == .stop)
        let replies = try place.harness.rows(outputs, "replies", as: Candidate.self)
        #expect(Set([pair.chosenID, pair.rejectedID]).isSubset(of: Set(replies.map(\.id))))
        #expect(
            server.requests.count == 6 && !server.requests.contains { $0.body.contains("Score: 4") },
            "scores are not shown")
    }

    @Test(
        "where there is nothing to learn there is no pair, and the ledger says why",
        arguments: [
            (["Same. Score: 3", "Other. Score: 3"], "no-variance"),
            (["Odd. Score: 1", "Odd. Score: 4"], "too-few-replies"),
            (["Odd. Score: 1", "No number", "Even. Score: 4"], "not-distinct"), ([], "no-variance"),
        ])
    func none(verdicts: [String], reason: String) async throws {
        let place = try await Place(try Self.preferring([]), prompts: [verdicts])
        let (pairs, reasons, _) = try await place.run()
        #expect(pairs.isEmpty && reasons == [reason])
    }

    @Test("verdicts are found by what they compare: a prompt with fewer replies shifts none of another's")
    func noShift() async throws {
        let place = try await Place(
            try Self.preferring(["exact", "fair", "rude"]),
            prompts: [
                ["It is rude. Score: 1", "It is exact. Score: 4"],
                ["It is fair. Score: 2", "It is fair. Score: 3", "It is rude. Score: 5"],
                ["It is exact. Score: 2", "It is rude. Score: 4", "It is fair. Score: 1"],
            ])
        let pairs = try await place.run().pairs
        #expect(pairs.map(\.chosen) == ["It is exact. Score: 4", "It is fair. Score: 2", "It is exact. Score: 2"])
        #expect(pairs.map(\.rejected) == ["It is rude. Score: 1", "It is rude. Score: 5", "It is rude. Score: 4"])
    }

    @Test("golden digests: whose judgement is compared, and what is made of the verdicts")
    func golden() async throws {
        let place = try await Place(
            try Self.preferring(["exact", "fair", "rude"]),
            prompts: [
                ["It is rude. Score: 1", "It is exact. Score: 4", "It is fair. Score: 3"],
                ["Same. Score: 3", "Other. Score: 3"], ["It is fair. Score: 2", "It is rude. Score: 5"],
            ])
        let outputs = try await place.run().outputs.artifacts
        Golden(version: 1, digests: ["ledger": "bf8808c0eef9", "pairs": "7c1a2c62595b"]).check(
            MetaJudgeStage.self,
            gives: outputs.filter { ["ledger", "pairs"].contains($0.key) }.mapValues(\.digest.short))
    }

    @Test("an unreadable comparison leaves the prompt out")
    func unreadable() async throws {
        let place = try await Place(
            try FakeChatServer { _, _ in .reply("Hm.") }, prompts: [["Rude. Score: 1", "Exact. Score: 4"]])
        let (pairs, reasons, _) = try await place.run()
        #expect(pairs.isEmpty && reasons == ["no-verdict"])
    }

    @Test("no score may be too common among the chosen")
    func thinned() async throws {
        let prompts = (0..<10).map { index in
            ["It is exact \(index). Score: \(index < 8 ? 4 : 2)", "It is rude \(index). Score: 1"]
        }
        let place = try await Place(try Self.preferring(["exact", "rude"]), prompts: prompts)
        let (pairs, reasons, _) = try await place.run(share: 0.5)
        #expect(pairs.count == 4 && reasons.count { $0 == "thinned" } == 6)
    }

    @Test("a rubric that scores is refused")
    func wrongRubric() async throws {
        let place = try await Place(try Self.preferring([]), prompts: [["Rude. Score: 1", "Exact. Score: 4"]])
        let rubric = try #require(place.inputs["rubric"])
        let changed = place.inputs.merging(["meta-rubric": rubric]) { _, other in other }
        await #expect(throws: StageError.self) { try await place.harness.run(MetaJudgeStage.self, changed) }
    }
}
