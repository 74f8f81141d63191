import Artifacts
import Foundation
import Model
import Stages
import TestSupport
import Testing

@Suite("Votes on two models, and judges who agree")
struct VoteStatisticsTests {
    private func read(_ text: String) throws -> VoteFile {
        try withTemporaryFile(text) { try VoteFile([(url: $0, name: "votes")]) }
    }

    private func statistics(_ votes: [Vote]) -> [String: Stages.Measurement] {
        let statistics = VoteStatistics(votes, estimator: .fixed(resamples: 100))
        return Dictionary(uniqueKeysWithValues: (statistics.standings + statistics.agreements).map { ($0.name, $0) })
    }

    private func vote(_ question: Int, _ judge: String, _ winner: String, turn: Int = 1, of models: String = "xy")
        -> String
    {
        let (a, b) = (String(models.prefix(1)), String(models.suffix(1)))
        return "{\"question_id\": \(question), \"turn\": \(turn), \"judge\": \"\(judge)\", \"model_a\": \"\(a)\", "
            + "\"model_b\": \"\(b)\", \"winner\": \"\(winner)\"}"
    }

    @Test("a model's wins, losses and ties, whichever of the two it was")
    func standings() throws {
        let file = try read(
            [
                vote(1, "expert_1", "model_a"), vote(1, "expert_22", "model_b", of: "yx"), vote(2, "expert_1", "tie"),
                vote(3, "expert_3", "tie (inconsistent)"), vote(4, "expert_3", "model_b", turn: 2),
            ].joined(separator: "\n"))
        #expect(file.inconsistent == 1 && file.errors == 0)
        let found = statistics(file.votes)
        func number(_ name: String) -> Double? { found[name]?.value }
        #expect(["win", "loss", "tie"].map { number("\($0)/human/x") } == [2, 1, 2])
        #expect(["win", "loss", "tie"].map { number("\($0)/human/y") } == [1, 2, 2])
        #expect(number("win_rate/human/x") == 0.4 && number("loss_rate/human/x") == 0.2)
        #expect(number("win_rate_adjusted/human/x") == 0.6 && number("win_rate_adjusted/human/y") == 0.4)
        #expect(found["win_rate/human/x"]?.count == 5)
    }

    @Test(
        "of two games a win needs both, an error drops the pair, and all else is a tie",
        arguments: [
            ("model_1", "model_1", Vote.Winner.first), ("model_2", "model_2", .second), ("tie", "tie", .tie),
            ("model_1", "model_2", .tie), ("model_1", "tie", .tie), ("tie", "model_2", .tie),
            ("error", "model_1", nil), ("model_2", "error", nil), ("error", "error", nil),
        ] as [(String, String, Vote.Winner?)])
    func games(first: String, second: String, winner: Vote.Winner?) throws {
        let file = try read(
            """
            {"question_id": "q", "model_1": "x", "model_2": "y", "g1_winner": "\(first)", "g2_winner": "\(second)", \
            "judge": ["gpt-4", "pair-v2"], "turn": 2}
            """)
        #expect(file.votes.map(\.winner) == (winner.map { [$0] } ?? []) && file.errors == (winner == nil ? 1 : 0))
        #expect(file.votes.allSatisfy { $0.judge == "gpt-4" && $0.subject.turn == 2 && $0.subject.question == "q" })
        if file.votes.isEmpty { #expect(statistics(file.votes).isEmpty) }
    }

    @Test("judges agree pair by pair of votes on the same answers, with ties and without")
    func agreement() throws {
        let file = try read(
            [
                vote(1, "expert_1", "model_a"), vote(1, "expert_2", "model_a"), vote(1, "expert_3", "model_b"),
                vote(1, "gpt4_pair", "model_b", of: "yx"), vote(2, "expert_1", "tie"), vote(2, "expert_2", "model_a"),
                vote(2, "gpt4_pair", "tie (inconsistent)"), vote(3, "author_1", "model_a"),
                vote(1, "expert_9", "model_b", turn: 2),
            ].joined(separator: "\n"))
        let found = statistics(file.votes)
        func number(_ name: String) -> [Double?] {
            [found["agreement/\(name)"]?.value, found["agreement/\(name)"].map { Double($0.count) }]
        }
        // Question 1: one of three pairs; question 2: a tie is no win.
        #expect(number("human/human/turn_1/with_ties") == [0.25, 4])
        #expect(number("human/human/turn_1/without_ties") == [1.0 / 3, 3])
        // GPT-4 is for x, as two of three are, and ties with one of two.
        #expect(number("gpt4_pair/human/turn_1/with_ties") == [0.6, 5])
        #expect(number("gpt4_pair/human/turn_1/without_ties") == [2.0 / 3, 3])
        #expect(number("human/human/turn_2/with_ties") == [nil, nil], "one vote agrees with nobody")
        #expect(number("author/human/turn_1/with_ties") == [nil, nil], "no answers in common")
    }

    @Test(
        "a row that is no vote is refused, with its line",
        arguments: [
            (#"{"question_id": 1}"#, "has neither 'winner' nor 'g1_winner' and 'g2_winner'"),
            (
                #"{"question_id": 1, "judge": "j", "model_a": "x", "model_b": "y", "winner": "x"}"#,
                "'winner' is 'x'; it must be model_a, model_b, tie or tie (inconsistent)"
            ),
            (
                #"{"question_id": 1, "judge": "j", "model_a": "x", "model_b": "x", "winner": "tie"}"#,
                "'model_a' and 'model_b' are both 'x'"
            ),
            (
                #"{"question_id": 1, "judge": "j", "model_a": "x", "winner": "tie"}"#, "'model_b' is missing"
            ),
            (
                #"{"question_id": 1, "model_a": "x", "model_b": "y", "winner": "tie"}"#, "'judge' is missing"
            ),
            (
                #"{"question_id": 1, "judge": [3], "model_a": "x", "model_b": "y", "winner": "tie"}"#,
                "'judge' must be a string, not an array"
            ),
            (
                #"{"question_id": [1], "judge": "j", "model_a": "x", "model_b": "y", "winner": "tie"}"#,
                "'question_id' must be a whole number or a text"
            ),
            (
                #"{"question_id": 1, "turn": 0, "judge": "j", "model_a": "x", "model_b": "y", "winner": "tie"}"#,
                "'turn' is 0; turns are counted from 1"
            ),
            (
                #"{"question_id": 1, "judge": "j", "model_a": "x\u001b", "model_b": "y", "winner": "tie"}"#,
                "'model_a' must be a name"
            ),
            (
                #"{"question_id": 1, "judge": "j", "model_1": "x", "model_2": "y", "g1_winner": "x", "g2_winner": "tie"}"#,
                "'g1_winner' is 'x'; it must be model_1, model_2, tie or error"
            ),
        ])
    func refuses(row: String, problem: String) {
        #expect(throws: StageError.malformedLine(file: "votes", line: 2, problem: problem)) {
            try read(vote(1, "j", "tie") + "\n" + row)
        }
    }

    @Test("where errors leave no vote, nothing is measured, and the stage says so")
    func onlyErrors() async throws {
        let harness = try StageHarness()
        let votes = try harness.blob(
            """
            {"question_id": "q", "model_1": "x", "model_2": "y", "g1_winner": "error", "g2_winner": "tie", \
            "judge": "j", "turn": 1}
            """)
        let outputs = try await harness.run(CountVotesStage.self, ["votes": [votes]])
        #expect(try harness.rows(outputs, "measurements", as: Measurement.self).isEmpty)
        #expect(harness.warnings.last == "no vote is left to count: nothing is measured")
    }

    @Test("no votes, and more kinds of judges than can be compared, are refused; slashes in names make no name twice")
    func limits() throws {
        #expect(throws: StageError.self) { try read("\n") }
        #expect(throws: StageError.self) {
            try read((0..<65).map { vote(1, "judge\($0)x", "tie") }.joined(separator: "\n"))
        }
        let file = try read(
            """
            {"question_id": 1, "judge": "a/b", "model_a": "c", "model_b": "d", "winner": "tie"}
            {"question_id": 1, "judge": "a", "model_a": "b/c", "model_b": "d", "winner": "tie"}
            """)
        #expect(statistics(file.votes).count == 2 * 2 * 6)
    }

    @Test(
        "MT-Bench's votes: the counts and agreements that a program of its own found",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    func sharedVotes() throws {
        let files = ["human", "gpt4_pair"].map {
            (url: SharedData.url("mt-bench/judgments/\($0).jsonl"), name: $0)
        }
        let file = try VoteFile(files)
        #expect(file.votes.count == 1597 + 1140 && file.inconsistent == 178)
        let found = statistics(file.votes)
        // Wins, losses and ties.
        for (name, counts) in [
            "human/gpt-4": [254, 70, 81], "human/gpt-3.5-turbo": [262, 112, 100], "human/claude-v1": [214, 99, 82],
            "human/vicuna-13b-v1.2": [168, 159, 82], "human/alpaca-13b": [91, 230, 73],
            "human/llama-13b": [33, 352, 64],
            "gpt4_pair/gpt-4": [299, 18, 63], "gpt4_pair/gpt-3.5-turbo": [178, 95, 107],
            "gpt4_pair/claude-v1": [201, 64, 115], "gpt4_pair/vicuna-13b-v1.2": [120, 143, 117],
            "gpt4_pair/alpaca-13b": [52, 243, 85], "gpt4_pair/llama-13b": [10, 297, 73],
            "author/gpt-3.5-turbo": [124, 48, 60],
        ] as [String: [Double]] {
            #expect(["win", "loss", "tie"].map { found["\($0)/\(name)"]?.value } == counts, "\(name)")
            let total = counts.reduce(0, +)
            #expect(found["win_rate/\(name)"]?.value == counts[0] / total, "\(name)")
            #expect(found["win_rate_adjusted/\(name)"]?.value == (counts[0] + counts[2] / 2) / total, "\(name)")
        }
        // Pairs of votes that are the same, of all such pairs.
        for (name, (same, all)) in [
            "human/human/turn_1/with_ties": (218, 363), "human/human/turn_1/without_ties": (195, 243),
            "human/human/turn_2/with_ties": (241, 356), "human/human/turn_2/without_ties": (214, 257),
            "gpt4_pair/human/turn_1/with_ties": (416, 635), "gpt4_pair/human/turn_1/without_ties": (348, 415),
            "gpt4_pair/human/turn_2/with_ties": (408, 628), "gpt4_pair/human/turn_2/without_ties": (354, 418),
            "author/human/turn_1/with_ties": (125, 206), "author/human/turn_2/without_ties": (124, 149),
            "author/author/turn_1/with_ties": (16, 25), "author/gpt4_pair/turn_1/without_ties": (93, 104),
        ] as [String: (Double, Int)] {
            let measurement = found["agreement/\(name)"]
            #expect(measurement?.value == same / Double(all) && measurement?.count == all, "\(name)")
        }
        let human = try #require(found["agreement/gpt4_pair/human/turn_1/without_ties"])
        #expect((human.lower ?? 0) < 0.8386 && (human.upper ?? 0) > 0.8386)
    }
}
