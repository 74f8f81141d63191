import Foundation
import Stages
import TestSupport
import Testing

@Suite("Contamination of prompts by evaluation sets")
struct ContaminationCheckTests {
    private let long =
        "Write a short guide for new gardeners that explains when to plant tomatoes and how often to water them in a dry summer."

    private func check(_ texts: String..., run: Int = 13, similarity: Double = 0.7) -> ContaminationCheck {
        let items = texts.enumerated().map { EvaluationSet.Item(place: "line \($0 + 1)", text: $1) }
        return ContaminationCheck(
            [EvaluationSet(name: "bench", items: items)], runLength: run, maximumSimilarity: similarity)
    }

    @Test("the same text is found whatever its case and white space, in every script")
    func sameText() {
        let check = check("Name  three rivers\nof Europe.", "日本の首都はどこですか")
        #expect(
            check.finding(in: " name three rivers of europe. ")
                == .init(reason: .sameText, set: "bench", detail: "the text of bench, line 1"))
        #expect(check.finding(in: "日本の首都はどこですか")?.reason == .sameText)
        #expect(check.finding(in: "日本の首都はどこですか。") == nil)
    }

    @Test("13 words in a row are too many, 12 are not, and punctuation does not part them")
    func sharedRun() throws {
        let words = (1...40).map { "word\($0)" }
        let check = check(words.joined(separator: " "))
        let other = (1...60).map { "other\($0)" }
        for (count, expected) in [(12, nil), (13, ContaminationCheck.Reason.sharedRun), (14, .sharedRun)] {
            let shared = words[20..<20 + count].joined(separator: ", ").uppercased()
            let text = ([shared] + other).joined(separator: " ")
            #expect(check.finding(in: text)?.reason == expected, "\(count) words")
        }
        let text = (other + words.suffix(13)).joined(separator: " ")
        let finding = try #require(check.finding(in: text))
        #expect(finding.detail == "'\(words.suffix(13).joined(separator: " "))' as in bench, line 1")
    }

    @Test("a text shorter than the run is no run of its own, and one of just its length is")
    func shortTexts() {
        let twelve = (1...12).map { "w\($0)" }.joined(separator: " ")
        let filler = (1...60).map { "x\($0)" }.joined(separator: " ")
        #expect(check(twelve).finding(in: "\(twelve) \(filler)") == nil)
        #expect(check("\(twelve) w13").finding(in: "\(twelve) w13 \(filler)")?.reason == .sharedRun)
        #expect(check(twelve, run: 12).finding(in: "\(twelve) \(filler)")?.reason == .sharedRun)
    }

    @Test("a text with a few words changed is too similar; exactly the threshold passes")
    func similar() throws {
        let check = check("Explain how a bicycle stays upright.", long)
        // explain how a … stays upright: 5 of 6 and 6 words.
        let finding = try #require(check.finding(in: "Explain how a unicycle stays upright."))
        #expect(finding.reason == .similar && finding.detail == "\(10.0 / 12) to bench, line 1")
        #expect(self.check("a b c d e f g h i").finding(in: "a b c d e f g p q r s") == nil)
        #expect(check.finding(in: "List the planets of the solar system.") == nil)
    }

    @Test("what is found names the set and the place that come first")
    func firstOfSeveral() {
        let sets = ["one", "two"].map {
            EvaluationSet(name: $0, items: [.init(place: "line 9", text: "Explain how a bicycle stays upright.")])
        }
        let check = ContaminationCheck(sets, runLength: 13, maximumSimilarity: 0.7)
        #expect(check.finding(in: "Explain how a bicycle stays upright.")?.set == "one")
        #expect(check.finding(in: "Explain how a tricycle stays upright.")?.set == "one")
    }

    @Test("empty texts, and no sets, find nothing and end nothing")
    func empty() {
        #expect(check().finding(in: "Anything at all") == nil)
        #expect(check("", "...").finding(in: "Anything at all") == nil)
        #expect(check("Anything").finding(in: "") == nil)
    }

    @Test("the text of a row is the first field that it has; a list is as many texts")
    func reading() throws {
        let lines = """
            {"id": 1, "instruction": "First", "text": "not this"}

            {"question": null, "turns": ["Second", "Third"]}
            """
        let set = try withTemporaryFile(lines) { file in
            try EvaluationSet.read((file, "bench.jsonl"), as: "bench", fields: ["question", "instruction", "turns"])
        }
        #expect(set.items.map(\.text) == ["First", "Second", "Third"])
        #expect(set.items.map(\.place) == ["line 1", "line 3", "line 3"])
        let list = try withTemporaryFile(#"[{"question": "First"}, {"question": "Second"}]"#) { file in
            try EvaluationSet.read((file, "bench.json"), as: "bench", fields: ["question"])
        }
        #expect(list.items == [.init(place: "item 1", text: "First"), .init(place: "item 2", text: "Second")])
    }

    @Test(
        "a row without text is an error with its line",
        arguments: [
            (#"{"id": 3}"#, "bench.jsonl:2: there is none of 'prompt', 'turns'"),
            (#"{"prompt": 3}"#, "bench.jsonl:2: 'prompt' must be a text or a list of texts"),
            (#"{"turns": ["a", 4]}"#, "bench.jsonl:2: 'turns' must be a text or a list of texts"),
        ])
    func malformed(row: String, message: String) throws {
        let error = try withTemporaryFile("{\"prompt\": \"fine\"}\n\(row)\n") { file in
            #expect(throws: StageError.self) {
                try EvaluationSet.read((file, "bench.jsonl"), as: "bench", fields: ["prompt", "turns"])
            }
        }
        #expect(error.map { "\($0)" } == message)
    }

    @Test(
        "benchmarks are read as they are given out, and hold their own prompts",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)),
        arguments: [
            ("mt-bench/question.jsonl", 160), ("vicuna-bench/question.jsonl", 80),
            ("koala-test/koala_test_set.jsonl", 180),
            ("alpaca-eval/outputs/text_davinci_003.json", 805), ("ifeval/input_data.jsonl", 540),
            ("self-instruct/user_oriented_instructions.jsonl", 252),
        ])
    func benchmarks(path: String, count: Int) throws {
        let fields = DecontaminatePromptsStage.Parameters().fields
        let set = try EvaluationSet.read((SharedData.url(path), path), as: path, fields: fields)
        #expect(set.items.count == count)
        let check = ContaminationCheck([set], runLength: 13, maximumSimilarity: 0.7)
        #expect(set.items.allSatisfy { check.finding(in: $0.text)?.reason == .sameText })
        #expect(check.finding(in: long) == nil)
    }
}
