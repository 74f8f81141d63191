import Foundation
import Stages
import TestSupport
import Testing

@Suite("Prompts with demonstrations")
struct FewShotPromptTests {
    private func read(_ task: BenchmarkTask, _ text: String) throws -> [BenchmarkItem] {
        try withTemporaryFile(text) { try BenchmarkFileReader.items([(url: $0, name: "items.jsonl")], of: task) }
    }

    @Test("the description, the first other questions of the subject with their answers, then the question")
    func subjects() throws {
        let rows = try read(
            .mmlu,
            [
                BenchmarkRows.mmlu,
                BenchmarkRows.mmlu.replacing("a number", with: "a hue").replacing("1}", with: "0}"),
                BenchmarkRows.mmlu.replacing("world_religions", with: "anatomy"),
                BenchmarkRows.mmlu.replacing("a number", with: "an animal").replacing("1}", with: "2}"),
            ].joined(separator: "\n"))
        func body(_ what: String) -> String { "Which is \(what)?\nA. red\nB. two\nC. cat\nD. sky\nAnswer:" }
        let prompt = FewShotPrompt(task: .mmlu, shots: 2, pool: rows)
        #expect(
            try prompt.text(before: rows[0])
                == "The following are multiple choice questions (with answers) about world religions.\n\n"
                + body("a hue") + " A\n\n" + body("an animal") + " C\n\n" + body("a number"))
        let own = FewShotPrompt(task: .mmlu, shots: 0, pool: [], description: "On {subject}: ")
        #expect(try own.text(before: rows[2]) == "On anatomy: " + body("a number"))
        let error = try #require(throws: StageError.self) { try prompt.text(before: rows[2]) }
        #expect(
            "\(error)"
                == "stage 'evaluate-benchmarks': parameter 'shots' is 2, and the files of 'shots' hold 0 other "
                + "questions of the subject 'anatomy'; lower it, or give more")
    }

    @Test("questions of NQ stand a line apart behind their description")
    func openQuestions() throws {
        let rows = try read(.nq, BenchmarkRows.nq + "\n" + #"{"question": "who", "answer": ["I", "me"]}"#)
        #expect(
            try FewShotPrompt(task: .nq, shots: 1, pool: rows).text(before: rows[0])
                == "Answer these questions:\n\nQ: who?\nA: I\nQ: who wrote faust?\nA:")
    }

    /// Published requests with five demonstrations, or eight.
    @Suite("beside the published ones", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    struct Published {
        private func items(_ path: String, _ task: BenchmarkTask) throws -> [BenchmarkItem] {
            try BenchmarkFileReader.items([(url: SharedData.url("nlp-benchmarks/\(path)"), name: path)], of: task)
        }

        /// The demonstrations of a prompt as rows of a file: question and answer part at `separator`.
        private func demonstrations(before query: String, in prompt: String, separator: String) throws -> String {
            let text = prompt.dropLast(query.count)
            return try text.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { block in
                let parts = try #require(block.range(of: separator))
                return """
                    {"query": \(BenchmarkRows.quoted(String(block[..<parts.upperBound].dropLast()))), "choices": ["", \
                    \(BenchmarkRows.quoted(String(block[parts.upperBound...])))], "gold": 1}
                    """
            }.joined(separator: "\n")
        }

        @Test(
            "where the forms are the same, every prompt and continuation is theirs, byte for byte",
            arguments: [
                (BenchmarkTask.arcEasy, "arc_easy", "\nAnswer: ", 2376),
                (.arcChallenge, "arc_challenge", "\nAnswer: ", 1172), (.hellaswag, "hellaswag", " ", 1000),
            ])
        func sameForm(task: BenchmarkTask, file: String, separator: String, count: Int) throws {
            let requests = try items("requests-5shot/\(file).requests.jsonl.gz", task)
            let rows = try items("docs/\(file).jsonl", task)
            #expect(requests.count == count && rows.count == count)
            let shots = try demonstrations(before: rows[0].query, in: requests[0].query, separator: separator)
            let pool = try withTemporaryFile(shots) {
                try BenchmarkFileReader.items([(url: $0, name: "shots")], of: task)
            }
            #expect(pool.count == 5)
            let prompt = FewShotPrompt(task: task, shots: 5, pool: pool)
            for (request, row) in zip(requests, rows) {
                #expect(try prompt.text(before: row).utf8.elementsEqual(request.query.utf8))
                #expect(row.target == request.target && row.nativeID == request.nativeID)
            }
        }

        @Test(
            "where they put other words around it, the question and the answers are theirs",
            arguments: [
                (BenchmarkTask.piqa, "piqa", 1838), (.siqa, "socialiqa", 1954), (.obqa, "openbookqa", 500),
                (.nq, "naturalqs_open", 1000), (.gsm8k, "gsm8k", 1319),
            ])
        func otherForm(task: BenchmarkTask, file: String, count: Int) throws {
            let requests = try items("requests-5shot/\(file).requests.jsonl.gz", task)
            let rows = try items("docs/\(file).jsonl", task)
            #expect(requests.count == count && rows.count == count)
            for (request, row) in zip(requests, rows) {
                let theirs: String =
                    switch task {
                    case .piqa: "Goal: " + row.query.dropFirst("Question: ".count)
                    case .siqa: "Question: " + row.query.dropFirst("Q: ".count).dropLast("\nA:".count) + "\nAnswer:"
                    case .obqa: "Question: \(row.query)\nAnswer:"
                    case .nq: "Question: " + row.query.dropFirst("Q: ".count).dropLast("?\nA:".count) + "\nAnswer:"
                    default: row.query
                    }
                #expect(request.query.hasSuffix("\n\n" + theirs) && row.target == request.target)
            }
        }

        @Test("the data sets' own files are read whole: GSM8K, NQ-open, MMLU with its 57 subjects")
        func wholeFiles() throws {
            #expect(try items("gsm8k/test.jsonl", .gsm8k).count == 1319)
            #expect(try items("gsm8k/train.jsonl.gz", .gsm8k).count == 7473)
            #expect(try items("nq-open/NQ-open.dev.jsonl", .nq).count == 3610)
            let questions = try items("mmlu/test.jsonl.gz", .mmlu)
            #expect(questions.count == 14042 && Set(questions.map(\.subject)).count == 57)
            #expect(Set(questions.map(\.id)).count == 14042)
            let prompt = FewShotPrompt(task: .mmlu, shots: 5, pool: try items("mmlu/dev.jsonl", .mmlu))
            let first = try prompt.text(before: questions[0])
            #expect(first.components(separatedBy: "\nAnswer:").count == 7)
            #expect(
                first.hasPrefix(
                    "The following are multiple choice questions (with answers) about abstract algebra.\n\nFind all c in "
                        + "Z_3 such that Z_3[x]/(x^2 + c) is a field.\nA. 0\nB. 1\nC. 2\nD. 3\nAnswer: B\n\n"))
        }
    }
}
