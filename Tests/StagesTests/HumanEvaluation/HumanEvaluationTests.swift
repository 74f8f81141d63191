import Artifacts
import Foundation
import Pipeline
import Stages
import Testing

@Suite("A packet for people, and its votes")
struct HumanEvaluationTests {
    private let harness: StageHarness

    init() throws { harness = try StageHarness() }

    private func responses(_ texts: [String]) throws -> ArtifactReference {
        try harness.artifact(
            texts.enumerated().map { index, text in
                Candidate(
                    promptID: "p\(index)", prompt: "Question \(index)?", index: 0, text: text, tokens: 1,
                    finish: text.isEmpty ? .doesNotFit : .stop)
            })
    }

    private func deal(
        _ count: Int = 8, execution: ExecutionOptions = ExecutionOptions(),
        _ change: (inout DealBallotsStage.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        try await harness.run(
            DealBallotsStage.self,
            [
                "candidates": [try responses((0..<count).map { "new \($0)" })],
                "baseline": [try responses((0..<count).map { "old \($0)" })],
            ], execution: execution, change)
    }

    private func ballots(_ outputs: StageOutputs) throws -> [Ballot] {
        try harness.rows(outputs, "ballots", as: Ballot.self)
    }

    @Test("every rater sees every drawn prompt once, in an order of their own, and each answer in both places")
    func deals() async throws {
        let dealt = try ballots(try await deal(40) { $0.prompts = 30 })
        #expect(dealt.count == 90 && Set(dealt.map(\.id)).count == 90)
        let packets = (1...3).map { rater in dealt.filter { $0.rater == rater } }
        #expect(packets.allSatisfy { $0.map(\.number) == Array(1...30) })
        #expect(Set(packets.map { Set($0.map(\.promptID)) }).count == 1)
        #expect(Set(packets.map { $0.map(\.promptID) }).count == 3)
        for packet in packets {
            // Of 30 coins fewer than 5 or more than 25 are one side up once in 17,000 packets.
            let inOrder = packet.count { $0.shown == .firstThenSecond }
            #expect((5...25).contains(inOrder), "\(inOrder)")
        }
        for ballot in dealt {
            let (new, old) =
                ballot.shown == .firstThenSecond ? (ballot.upper, ballot.lower) : (ballot.lower, ballot.upper)
            #expect(new.hasPrefix("new") && old.hasPrefix("old") && new.dropFirst(4) == old.dropFirst(4))
        }
    }

    @Test("which prompts are drawn depends on the prompts alone; threads and shards change nothing")
    func lot() async throws {
        let first = try await deal(40) { $0.prompts = 10 }
        var other = ExecutionOptions()
        (other.threads, other.batchSize, other.shardSize) = (2, 1, .rows(1))
        #expect(try await deal(40, execution: other) { $0.prompts = 10 }.artifacts == first.artifacts)
        let better = try await harness.run(
            DealBallotsStage.self,
            [
                "candidates": [try responses((0..<40).map { "newer \($0)" })],
                "baseline": [try responses((0..<40).map { "old \($0)" })],
            ]
        ) { $0.prompts = 10 }
        #expect(Set(try ballots(better).map(\.promptID)) == Set(try ballots(first).map(\.promptID)))
    }

    @Test("too few prompts are all taken, those with a missing response not, and it is said")
    func few() async throws {
        let outputs = try await harness.run(
            DealBallotsStage.self,
            ["candidates": [try responses(["a", "b", ""])], "baseline": [try responses(["c", "b", "d"])]])
        #expect(try ballots(outputs).count == 6 && outputs.summary["identical"] == .integer(1))
        #expect(harness.warnings == ["2 prompts have both responses, and 50 are asked for; all are taken"])
    }

    // MARK: Votes

    private func form(_ ballots: [Ballot], _ vote: (Ballot) -> String) -> String {
        "ballot,number,vote\r\n" + ballots.map { "\($0.id),\($0.number),\(vote($0))\r\n" }.joined()
    }

    /// The choice that stands for the model's answer, or for the baseline's.
    private func place(of wantsModel: Bool, on ballot: Ballot) -> String {
        (ballot.shown == .firstThenSecond) == wantsModel ? "1" : "2"
    }

    private func count(_ dealt: StageOutputs, _ forms: [String]) async throws -> StageOutputs {
        let ballots = try #require(dealt.artifacts["ballots"])
        return try await harness.run(
            CountBallotsStage.self, ["ballots": [ballots], "votes": try forms.map { try harness.blob($0) }]
        ) { $0.resamples = 50 }
    }

    @Test("a packet that is dealt, filled in and counted comes back as it was meant, wherever the answers stood")
    func roundTrip() async throws {
        let dealt = try await deal()
        let ballots = try ballots(dealt)
        // p0 … p3 are won by all three; p4 by two of three; p5 is a tie of 1, 0, ½; p6 and p7 are lost.
        func wish(_ ballot: Ballot) -> String {
            switch (ballot.promptID, ballot.rater) {
            case ("p4", 3), ("p5", 2): place(of: false, on: ballot)
            case ("p5", 3): "tie"
            case ("p6", _), ("p7", _): place(of: false, on: ballot)
            default: place(of: true, on: ballot)
            }
        }
        let forms = (1...3).map { rater in form(ballots.filter { $0.rater == rater }, wish) }
        let outputs = try await count(dealt, forms)
        let verdicts = try harness.rows(outputs, "verdicts", as: HumanVerdict.self)
        let outcomes = Dictionary(uniqueKeysWithValues: verdicts.map { ($0.promptID, $0.outcome) })
        #expect(verdicts.count == 8 && verdicts.allSatisfy { $0.votes.map(\.rater) == [1, 2, 3] })
        #expect(outcomes["p0"] == .first && outcomes["p4"] == .first)
        #expect(outcomes["p5"] == .tie && outcomes["p7"] == .second)
        #expect(harness.warnings.filter { $0.contains("vote") }.isEmpty)
        let measured = try harness.rows(outputs, "measurements", as: Measurement.self)
        let byName = Dictionary(uniqueKeysWithValues: measured.map { ($0.name, $0) })
        #expect(byName["win_rate"]?.value == 5.5 / 8 && byName["no_verdict"]?.value == 0)
        // Six prompts with three pairs alike, one with one, one with none.
        #expect(byName["rater_agreement"]?.value == 19.0 / 24)
        #expect(byName["krippendorff_alpha"]?.value != nil)
        #expect(
            try await count(dealt, forms.reversed()).artifacts == outputs.artifacts,
            "the order of the forms is nothing")
    }

    @Test("golden digests")
    func golden() async throws {
        let dealt = try await deal(5) { $0.prompts = 3 }
        Golden(version: 1, digests: ["ballots": "d558b95a1fe7"]).check(
            DealBallotsStage.self, gives: dealt.artifacts.mapValues(\.digest.short))
        let counted = try await count(dealt, [form(try ballots(dealt)) { $0.number == 2 ? "tie" : "1" }])
        // The sign test takes the C library's logarithm.
        let exact = try harness.rows(counted, "measurements", as: Measurement.self).filter {
            $0.name != "sign_test_p"
        }
        Golden(version: 2, digests: ["measurements": "7a59e4428444", "verdicts": "672ae2b1eaff"]).check(
            CountBallotsStage.self,
            gives: [
                "measurements": try harness.artifact(exact).digest.short,
                "verdicts": counted.artifacts["verdicts"]?.digest.short ?? "",
            ])
    }

    @Test("missing votes are missing, the same vote twice counts once, and two that differ count for nothing")
    func irregular() async throws {
        let dealt = try await deal(3)
        let ballots = try ballots(dealt)
        let first = ballots.filter { $0.rater == 1 }, second = ballots.filter { $0.rater == 2 }
        let outputs = try await count(
            dealt,
            [
                form(first) { $0.promptID == "p0" ? "" : place(of: true, on: $0) },
                form(second) { place(of: true, on: $0) },
                form(second) { place(of: $0.promptID != "p1", on: $0) },
            ])
        #expect(outputs.summary["votes"] == .integer(5) && outputs.summary["missing"] == .integer(4))
        #expect(outputs.summary["repeated"] == .integer(2) && outputs.summary["contradictory"] == .integer(1))
        let verdicts = try harness.rows(outputs, "verdicts", as: HumanVerdict.self)
        let votes = Dictionary(uniqueKeysWithValues: verdicts.map { ($0.promptID, $0.votes.map(\.value)) })
        #expect(votes["p0"] == [nil, 1, nil] && votes["p1"] == [1, nil, nil] && votes["p2"] == [1, 1, nil])
        #expect(
            harness.warnings.suffix(2) == [
                "4 of 9 ballots have no vote", "1 ballots have several votes that differ; none of these counts",
            ])
    }

    @Test("no vote at all leaves no number, and no NaN")
    func nothing() async throws {
        let dealt = try await deal(2)
        let outputs = try await count(dealt, [form(try ballots(dealt)) { _ in "" }])
        let measured = try harness.rows(outputs, "measurements", as: Measurement.self)
        #expect(measured.first?.value == nil && measured.first?.count == 0)
        #expect(measured.first { $0.name == "no_verdict" }?.value == 1)
        let alpha = try #require(measured.first { $0.name == "krippendorff_alpha" })
        #expect(alpha.value == nil && alpha.lower == nil)
    }

    @Test("a form of another packet is refused with its line")
    func stranger() async throws {
        let dealt = try await deal(2)
        let error = await #expect(throws: StageError.self) { try await count(dealt, ["ballot,vote\nffff,1\n"]) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("votes ("), "\(text)")
        #expect(text.contains("):2: there is no ballot 'ffff' in this packet; give the forms"), "\(text)")
    }

    @Test(
        "the majority of the votes decides; without one it is a tie",
        arguments: [
            ([1, 1, 1], .first), ([1, 1, 0], .first), ([0, 1, 0], .second), ([1, 0, 0.5], .tie),
            ([1, 0.5, 0.5], .tie),
            ([1, 0], .tie), ([1], .first), ([1, 0.5], .tie), ([], .noVerdict),
        ] as [([Double], PairwiseJudgement.Outcome)])
    func majority(votes: [Double], outcome: PairwiseJudgement.Outcome) {
        #expect(HumanVerdict.outcome(of: votes) == outcome)
    }
}
