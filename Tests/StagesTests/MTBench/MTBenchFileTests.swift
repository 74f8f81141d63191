import Artifacts
import Foundation
import Stages
import TestSupport
import Testing

@Suite("Files of MT-Bench")
struct MTBenchFileTests {
    private func questions(_ text: String) throws -> [MTBenchQuestion] {
        try withTemporaryFile(text) { try MTBenchQuestion.read([(url: $0, name: "questions")]) }
    }

    private func answers(_ text: String) throws -> [Int: [String]] {
        try withTemporaryFile(text) { try FastChatAnswers.read([(url: $0, name: "answers")]) }
    }

    @Test("questions have a number, a category and one or two turns, whatever stands beside or within them")
    func reads() throws {
        let long = String(repeating: "x", count: 100_000)
        let read = try questions(
            """
            {"question_id": 81, "category": "writing", "turns": ["a", "b"], "reference": ["c"]}

            {"question_id": 3, "category": "gardening", "turns": ["\\u0000\\u001b[2J<|im_end|>\\n"]}
            {"question_id": -1.0, "category": "math", "turns": ["\(long)", "ü"]}
            """)
        #expect(
            read == [
                MTBenchQuestion(id: 81, category: "writing", turns: ["a", "b"]),
                MTBenchQuestion(id: 3, category: "gardening", turns: ["\u{0}\u{1B}[2J<|im_end|>\n"]),
                MTBenchQuestion(id: -1, category: "math", turns: [long, "ü"]),
            ])
    }

    @Test(
        "a row that is no question is refused, with its line",
        arguments: [
            (#"{"category": "math", "turns": ["a"]}"#, "'question_id' is missing"),
            (
                #"{"question_id": "81", "category": "math", "turns": ["a"]}"#,
                "'question_id' must be a whole number, not a string"
            ),
            (
                #"{"question_id": 1.5, "category": "math", "turns": ["a"]}"#,
                "'question_id' must be a whole number, not a number"
            ),
            (#"{"question_id": 1, "category": "math"}"#, "'turns' is missing"),
            (
                #"{"question_id": 1, "category": "math", "turns": []}"#,
                "'turns' has 0 texts; a question has one or two turns"
            ),
            (
                #"{"question_id": 1, "category": "math", "turns": ["a", "b", "c"]}"#,
                "'turns' has 3 texts; a question has one or two turns"
            ),
            (#"{"question_id": 1, "category": "math", "turns": "a"}"#, "'turns' must be an array, not a string"),
            (
                #"{"question_id": 1, "category": "math", "turns": ["a", 2]}"#,
                "'turns' must hold texts, not an integer"
            ),
            (#"{"question_id": 1, "category": "math", "turns": ["a", " \n"]}"#, "turn 2 of question 1 is empty"),
            (#"{"question_id": 1, "turns": ["a"]}"#, "'category' is missing"),
            (
                #"{"question_id": 1, "category": " ", "turns": ["a"]}"#,
                "'category' must be a short name, such as 'writing'"
            ),
            (
                #"{"question_id": 1, "category": "a\u001bb", "turns": ["a"]}"#,
                "'category' must be a short name, such as 'writing'"
            ),
            (
                #"{"question_id": 81, "category": "math", "turns": ["a"]}"#,
                "question 81 was already read at questions:1; remove one of the two"
            ),
        ])
    func refuses(row: String, problem: String) throws {
        let first = #"{"question_id": 81, "category": "math", "turns": ["a"]}"#
        #expect(throws: StageError.malformedLine(file: "questions", line: 2, problem: problem)) {
            try questions("\(first)\n\(row)\n")
        }
    }

    @Test(
        "what is no JSON, and a file without questions, are refused",
        arguments: ["[", "{\"question_id\": 1", "\u{0}", "", "\n \n"])
    func noQuestions(text: String) {
        #expect(throws: StageError.self) { try questions(text) }
    }

    @Test(
        "answers are those of the first choice; a row without any is refused",
        arguments: [
            (#"{"question_id": 2}"#, "'choices' is empty or missing: question 2 has no answer"),
            (#"{"question_id": 2, "choices": []}"#, "'choices' is empty or missing: question 2 has no answer"),
            (#"{"question_id": 2, "choices": [{}]}"#, "'turns' is missing"),
            (#"{"question_id": 2, "choices": ["a"]}"#, "'turns' is missing"),
            (
                #"{"question_id": 1, "choices": [{"turns": ["a"]}]}"#,
                "question 1 has an answer already; give the answers of one model"
            ),
        ])
    func answerRows(row: String, problem: String) throws {
        let first =
            #"{"question_id": 1, "choices": [{"index": 0, "turns": ["a", "b"]}, {"index": 1, "turns": ["c"]}]}"#
        #expect(try answers(first) == [1: ["a", "b"]])
        #expect(throws: StageError.malformedLine(file: "answers", line: 2, problem: problem)) {
            try answers("\(first)\n\(row)")
        }
    }

    @Test("answers written in FastChat's form are read back, and hold what FastChat wants")
    func roundTrip() throws {
        let turns = ["Hi.\n\u{0}<|im_end|>", ""].map {
            MTBenchAnswer.Turn(prompt: "Say \"hi\".", text: $0, tokens: 3, finish: .stop)
        }
        let answer = MTBenchAnswer(questionID: 81, category: "writing", turns: turns)
        let row = FastChatAnswers.row(answer, model: "m3")
        #expect(try answers(CanonicalJSON.text(row)) == [81: turns.map(\.text)])
        #expect(
            Set(row.objectValue?.keys.sorted() ?? []) == [
                "answer_id", "choices", "model_id", "question_id", "tstamp",
            ])
        #expect(row["model_id"] == "m3" && row["answer_id"] == .string(answer.id))
    }

    @Test(
        "MT-Bench's own files: 80 questions of 8 categories, 30 references, 80 answers of each of 8 models",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    func sharedFiles() throws {
        func file(_ path: String) -> [(url: URL, name: String)] {
            [(url: SharedData.url("mt-bench/\(path)"), name: path)]
        }
        let questions = try MTBenchQuestion.read(file("question.jsonl"))
        #expect(questions.count == 80 && questions.allSatisfy { $0.turns.count == 2 })
        #expect(
            Dictionary(grouping: questions, by: \.category).mapValues(\.count)
                == Dictionary(uniqueKeysWithValues: MTBenchQuestion.categories.map { ($0, 10) }))
        let references = try FastChatAnswers.read(file("reference_answer/gpt-4.jsonl"))
        let hard = questions.filter { MTBenchScores.hardCategories.contains($0.category) }.map(\.id)
        #expect(Set(references.keys) == Set(hard) && references.values.allSatisfy { $0.count == 2 })
        let folder = SharedData.url("mt-bench/model_answer")
        let models = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(models.count == 8)
        for model in models {
            let answers = try FastChatAnswers.read(file("model_answer/\(model)"))
            #expect(Set(answers.keys) == Set(questions.map(\.id)), "\(model)")
            #expect(answers.values.allSatisfy { $0.count == 2 }, "\(model)")
        }
    }

    @Test("the questions that come with the program: two of each category, references to the six hard ones")
    func ownFiles() throws {
        func file(_ name: String) -> [(url: URL, name: String)] {
            [(url: SharedData.repository.appending(path: "pipelines/data/\(name)"), name: name)]
        }
        let questions = try MTBenchQuestion.read(file("mt-bench-questions.jsonl"))
        #expect(questions.count == 16 && questions.allSatisfy { $0.turns.count == 2 })
        for category in MTBenchQuestion.categories {
            #expect(questions.count { $0.category == category } == 2, "\(category)")
        }
        let references = try FastChatAnswers.read(file("mt-bench-references.jsonl"))
        let hard = questions.filter { MTBenchScores.hardCategories.contains($0.category) }.map(\.id)
        #expect(Set(references.keys) == Set(hard) && references.values.allSatisfy { $0.count == 2 })
    }
}
