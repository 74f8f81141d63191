import Foundation
import Stages
import Testing

/// Rows as the data sets have them, written for these tests.
enum BenchmarkRows {
    static let arc = """
        {"id": "A1", "question": "What is frozen water?", "choices": {"text": ["steam", "ice"], "label": ["1", "2"]}, "answerKey": "2"}
        """
    static let madeQuery = """
        {"native_id": 7, "query": "Question: What is frozen water?\\nAnswer:", "choices": ["steam", "ice"], "gold": 1}
        """
    static let hellaswag = """
        {"ind": 3, "activity_label": "Tea", "ctx_a": "A pot [stove] boils.", "ctx_b": "she Pours it", "label": "1", "endings": ["[title] Away [x] now.", " into a  cup [unclosed."]}
        """
    static let piqa = #"{"goal": "Dry a cup", "sol1": "Use a towel.", "sol2": "Use soup.", "label": 0}"#
    static let siqa = """
        {"context": "Ann fell.", "question": "How is she?", "answerA": "sad", "answerB": "hurt", "answerC": "rich", "label": "2"}
        """
    static let mmlu = """
        {"subject": "world_religions", "question": " Which is a number? ", "choices": ["red", "two", "cat", "sky"], "answer": 1}
        """
    static let gsm8k =
        #"{"question": "Ann has 2 cups and buys 3. How many?", "answer": "2 + 3 = <<2+3=5>>5\n#### 5"}"#
    static let nq = #"{"question": "who wrote faust", "answer": ["Goethe", "Johann Wolfgang von Goethe"]}"#

    /// A request of each choice, then one without a question before it.
    static func requests(choices: [String], gold: Int, document: Int = 0, context: String = "Q?\nA:") -> String {
        (choices.enumerated().map { index, choice in
            """
            {"task_name": "piqa", "doc_id": \(document), "idx": \(index), "label": \(gold), "doc": {"gold": \(gold)}, "request": {"context": \(quoted(context)), "continuation": \(quoted(choice))}}
            """
        } + [
            """
            {"task_name": "piqa", "doc_id": \(1_000_000 + document), "idx": 0, "doc": {}, "request": {"context": "Answer:", "continuation": " x"}}
            """
        ]).joined(separator: "\n")
    }

    static func quoted(_ text: String) -> String {
        String(decoding: (try? JSONEncoder().encode(text)) ?? Data(), as: UTF8.self)
    }
}

@Suite("Benchmark files")
struct BenchmarkFileReaderTests {
    private func read(_ task: BenchmarkTask, _ text: String) throws -> [BenchmarkItem] {
        try withTemporaryFile(text) { try BenchmarkFileReader.items([(url: $0, name: "items.jsonl")], of: task) }
    }

    private func continuations(_ item: BenchmarkItem) -> [String] {
        if case .choice(let choices, _) = item.target { choices.map(\.continuation) } else { [] }
    }

    private func gold(_ item: BenchmarkItem) -> Int? {
        if case .choice(_, let gold) = item.target { gold } else { nil }
    }

    @Test(
        "every task's rows become the harness's prompt and choices",
        arguments: [
            (.arcEasy, BenchmarkRows.arc, "Question: What is frozen water?\nAnswer:", [" steam", " ice"], 1),
            (
                .arcChallenge, BenchmarkRows.madeQuery, "Question: What is frozen water?\nAnswer:",
                [" steam", " ice"], 1
            ),
            (.obqa, BenchmarkRows.madeQuery, "What is frozen water?", [" steam", " ice"], 1),
            (
                .obqa, BenchmarkRows.arc.replacing("question", with: "question_stem"), "What is frozen water?",
                [" steam", " ice"], 1
            ),
            (
                .hellaswag, BenchmarkRows.hellaswag, "Tea: A pot boils. She pours it",
                ["  Away now.", " into a cup [unclosed."], 1
            ),
            (.piqa, BenchmarkRows.piqa, "Question: Dry a cup\nAnswer:", [" Use a towel.", " Use soup."], 0),
            (.siqa, BenchmarkRows.siqa, "Q: Ann fell. How is she?\nA:", [" sad", " hurt", " rich"], 1),
            (
                .mmlu, BenchmarkRows.mmlu, "Which is a number?\nA. red\nB. two\nC. cat\nD. sky\nAnswer:",
                [" A", " B", " C", " D"], 1
            ),
        ] as [(BenchmarkTask, String, String, [String], Int)])
    func choiceRows(task: BenchmarkTask, row: String, query: String, choices: [String], right: Int) throws {
        let items = try read(task, "\n" + row + "\n")
        #expect(items.count == 1 && items[0].query == query)
        #expect(continuations(items[0]) == choices && gold(items[0]) == right)
        #expect(!items[0].isWholePrompt && items[0].solution == String(choices[right].dropFirst()))
    }

    @Test("brackets that nothing closes on their line stay, however many, and hide none behind them")
    func openBrackets() throws {
        let open = String(repeating: "[", count: 300_000)
        let row = BenchmarkRows.hellaswag.replacing("[unclosed.", with: open + "\\n[gone] end.")
        let ending = try #require(continuations(read(.hellaswag, row)[0]).last)
        #expect(ending.count { $0 == "[" } == open.count && ending.hasSuffix("\n end."))
    }

    @Test("questions to be answered in words keep their accepted answers")
    func writtenRows() throws {
        let number = try read(.gsm8k, BenchmarkRows.gsm8k)[0]
        #expect(number.query == "Question: Ann has 2 cups and buys 3. How many?\nAnswer:")
        #expect(number.target == .text(accepted: ["5"]) && number.solution == "2 + 3 = <<2+3=5>>5\n#### 5")
        let open = try read(.nq, BenchmarkRows.nq)[0]
        #expect(open.query == "Q: who wrote faust?\nA:" && open.solution == "Goethe")
        #expect(open.target == .text(accepted: ["Goethe", "Johann Wolfgang von Goethe"]))
    }

    @Test("requests keep their very prompt and continuations; those without a question are passed over")
    func requests() throws {
        let text =
            BenchmarkRows.requests(
                choices: [" one", "two", "  three"], gold: 2, document: 4, context: "S\u{e9}: \"x\"\nA: ")
            + "\n" + BenchmarkRows.requests(choices: [" a", " b"], gold: 0, document: 2)
        let items = try read(.piqa, text)
        #expect(items.map(\.query) == ["S\u{e9}: \"x\"\nA: ", "Q?\nA:"] && items.allSatisfy(\.isWholePrompt))
        #expect(continuations(items[0]) == [" one", "two", "  three"] && gold(items[0]) == 2)
        guard case .choice(let choices, _) = items[0].target else { return }
        #expect(choices.map(\.text) == ["one", "two", " three"])
        let written = try read(
            .gsm8k,
            #"{"doc_id": 0, "doc": {"answer": "So #### 4"}, "request": {"context": "2+2", "stop_sequences": ["Q"]}}"#)
        #expect(written[0].stopStrings == ["Q"] && written[0].target == .text(accepted: ["4"]))
    }

    @Test("ids are of the question: the same in another file, and different for a question that stands there twice")
    func ids() throws {
        let twice = try read(.piqa, BenchmarkRows.piqa + "\n" + BenchmarkRows.piqa)
        let again = try read(.piqa, "\n\n" + BenchmarkRows.piqa)
        #expect(twice[0].id != twice[1].id && twice[0].id == again[0].id)
        #expect(try read(.arcEasy, BenchmarkRows.madeQuery)[0].nativeID == "7")
    }

    @Test("a limit takes the first, or as many drawn by id, of which more include fewer")
    func limits() throws {
        let items = try read(
            .nq, (0..<20).map { #"{"question": "q\#($0)", "answer": "a"}"# }.joined(separator: "\n"))
        #expect(BenchmarkSelection.first.places(in: items, limit: 3) == [0, 1, 2])
        let few = BenchmarkSelection.sample.places(in: items, limit: 3)
        let more = BenchmarkSelection.sample.places(in: items, limit: 8)
        #expect(few.count == 3 && few == few.sorted() && Set(more).isSuperset(of: few) && few != [0, 1, 2])
        for selection in BenchmarkSelection.allCases {
            #expect(selection.places(in: items, limit: 99) == Array(0..<20))
            #expect(selection.places(in: items, limit: nil) == Array(0..<20))
        }
    }

    @Test(
        "what is no item is refused with file, line and what is wrong",
        arguments: [
            (.piqa, "\n[1]", "items.jsonl:2: is an array, not an object; give one item of 'piqa' a line"),
            (.piqa, BenchmarkRows.arc, "items.jsonl:1: 'goal' is missing; give rows of 'piqa' as docs/benchmarks.md"),
            (
                .piqa, BenchmarkRows.piqa.replacing("0}", with: "2}"),
                "the right choice is number 2, counted from 0, of 2"
            ),
            (.piqa, BenchmarkRows.piqa.replacing("0}", with: "-1}"), "the right choice is number -1"),
            (.piqa, BenchmarkRows.piqa.replacing("0}", with: "0.5}"), "'label' must be a whole number"),
            (
                .siqa, BenchmarkRows.siqa.replacing("\"2\"", with: "\"two\""),
                "'label' must be the number of the right"
            ),
            (
                .siqa, BenchmarkRows.siqa.replacing("\"2\"", with: "-9223372036854775808"),
                "the right choice is number 9223"
            ),
            (
                .arcEasy, BenchmarkRows.arc.replacing("\"2\"}", with: "\"E\"}"),
                "'answerKey' is 'E', which is none of the labels"
            ),
            (.arcEasy, "{\"question\": \"x\"}", "has neither 'query' nor 'choices'"),
            (
                .mmlu, BenchmarkRows.mmlu.replacing("\"red\"", with: "7"),
                "'choices' must be a list of texts, and holds an integer"
            ),
            (.mmlu, BenchmarkRows.mmlu.replacing("subject", with: "topic"), "'subject' is missing"),
            (.gsm8k, BenchmarkRows.gsm8k.replacing("#### 5", with: "5"), "'answer' has no number behind '#### '"),
            (.gsm8k, BenchmarkRows.gsm8k.replacing("#### 5", with: "#### "), "and no number"),
            (.nq, #"{"question": "q", "answer": []}"#, "'answer' must be a list of one accepted answer or more"),
            (.nq, #"{"question": "q", "answer": ["a", 3]}"#, "each a text"),
            (.nq, "{", "items.jsonl:1: "), (.nq, "", "'items.jsonl' holds no items; give a file with one item"),
            (.nq, "\n \n", "holds no items"),
            (
                .siqa, BenchmarkRows.requests(choices: [" a", " b"], gold: 0),
                "set 'task: piqa', or give another file"
            ),
            (.piqa, BenchmarkRows.requests(choices: [" a"], gold: 0), "has the choices 0; give all of them"),
            (
                .piqa, BenchmarkRows.requests(choices: [" a", " b"], gold: 2),
                "'gold' must be the number of one of the 2"
            ),
            (.piqa, BenchmarkRows.requests(choices: ["", " b"], gold: 0), "'continuation' is empty"),
            (
                .piqa,
                BenchmarkRows.requests(choices: [" a", " b"], gold: 0)
                    + "\n" + BenchmarkRows.requests(choices: [" a", " b"], gold: 0),
                "items.jsonl:4: document 0 has choice 0 twice"
            ),
            (
                .piqa,
                BenchmarkRows.requests(choices: [" a", " b"], gold: 0)
                    + "\n" + BenchmarkRows.requests(choices: [" c", " d"], gold: 0, context: "other"),
                "items.jsonl:4: document 0 has another context than at line 1"
            ),
            (.piqa, #"{"request": 3}"#, "'doc_id' is missing"),
            (.piqa, #"{"request": 3, "doc_id": 1}"#, "'context' is missing"),
            (
                .gsm8k,
                #"{"doc_id": 0, "doc": {"answer": "So #### 4"}, "request": {"context": "x", "stop_sequences": [""]}}"#,
                "'stop_sequences' must be a list of texts that are not empty"
            ),
        ] as [(BenchmarkTask, String, String)])
    func refused(task: BenchmarkTask, text: String, problem: String) throws {
        let error = try #require(throws: StageError.self) { try read(task, text) }
        #expect("\(error)".contains(problem), "\(error)")
    }
}
