import Foundation
import TestSupport
import Testing

@Suite("MT-Bench through the program")
struct MTBenchCommandTests {
    private func file(_ name: String) -> String {
        SharedData.repository.appending(path: "pipelines/data/\(name)").path
    }

    /// Two questions on a model with random weights, judged by itself, in `mt.yaml`.
    private func writePipeline(_ place: Workplace) throws {
        try place.write(
            """
            {"question_id": 81, "category": "writing", "turns": ["Name a river.", "Rhyme it."]}
            {"question_id": 111, "category": "math", "turns": ["2 + 2?"]}

            """, to: "questions.jsonl")
        try place.write(
            """
            pipeline: mt
            seed: 3
            sources:
              trees: {path: \(file("seed-trees.jsonl"))}
              questions: {path: questions.jsonl}
              one: {path: \(file("rubric-mt-bench.txt"))}
              two: {path: \(file("rubric-mt-bench-second.txt"))}
            stages:
              made: {stage: make-model, inputs: {text: trees}, params: {context_length: 2048}}
              answers:
                stage: mt-bench-answer
                inputs: {model: made, questions: questions}
                params: {max_tokens: 8, precision: f32, temperatures: {writing: 0.5}}
              scores:
                stage: mt-bench-judge
                inputs: {model: made, answers: answers, questions: questions, rubrics: [one, two]}
                params: {max_tokens: 4, scoring: expected, resamples: 50, precision: f32}

            """, to: "mt.yaml")
    }

    @Test("answers are exported as FastChat reads them, under the name of the file, and judged again from there")
    func export() throws {
        let place = try Workplace()
        try writePipeline(place)
        try place.pipeline.run("run", "mt.yaml", "-q").requireSuccess()
        let exported = try place.pipeline.run(
            "export", "answers", "--format", "mt-bench", "--out", "model_answer/tiny.jsonl")
        #expect(exported.status == 0 && exported.stdout.isEmpty, "\(exported.stderr)")
        let text = try String(
            contentsOf: place.folder.appending(path: "model_answer/tiny.jsonl"), encoding: .utf8)
        let rows = try text.split(separator: "\n").map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(rows.map { $0["question_id"] as? Int } == [81, 111])
        #expect(rows.allSatisfy { $0["model_id"] as? String == "tiny" && $0["answer_id"] is String })
        let turns = rows.map { (($0["choices"] as? [[String: Any]])?.first?["turns"] as? [String])?.count }
        #expect(turns == [2, 1])

        // A file says nothing of how an answer ended: what a random model left empty is an answer there.
        try place.write(
            """
            profile: outside
            sources: {outside: {path: model_answer/tiny.jsonl}}
            stages: {scores: {inputs: {answers: outside}}}

            """, to: "outside.yaml")
        func scores() throws -> [[String: Any]] {
            try place.pipeline.run("artifacts", "cat", "scores.measurements").stdoutLines.map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
        let before = try scores()
        #expect(before.first?["name"] as? String == "score")
        try place.pipeline.run("run", "mt.yaml", "-f", "outside.yaml", "-q").requireSuccess()
        let after = try #require(scores().first)
        #expect(after["count"] as? Int == 3)
        #expect((1...10).contains(after["value"] as? Double ?? 0), "\(after)")

        let again = try place.pipeline.run(
            "export", "answers", "--format", "mt-bench", "--out", "model_answer/tiny.jsonl")
        #expect(again.status == 2 && again.stderr.contains("'model_answer/tiny.jsonl' exists"), "\(again.stderr)")
        let wrong = try place.pipeline.run("export", "made", "--format", "mt-bench", "--out", "x.jsonl")
        #expect(wrong.status == 2 && wrong.stderr.contains("mt-bench needs 'mt-bench-answer/1'"), "\(wrong.stderr)")
        #expect(!place.exists("x.jsonl"))
    }

    @Test("lineage tells of a judgement the answer it is about")
    func lineage() throws {
        let place = try Workplace()
        try writePipeline(place)
        try place.pipeline.run("run", "mt.yaml", "-q").requireSuccess()
        let shown = try place.pipeline.run("lineage", "scores.judgements", "--row", "1")
        #expect(shown.status == 0 && shown.stdout.contains("Name a river."), "\(shown.stdout)\(shown.stderr)")
    }

    @Test("a question file that cannot be used is an error with its line, and leaves no result")
    func badQuestions() throws {
        let place = try Workplace()
        try writePipeline(place)
        try place.write("{\"question_id\": 1, \"category\": \"math\", \"turns\": []}\n", to: "questions.jsonl")
        let result = try place.pipeline.run("run", "mt.yaml", "-q")
        #expect(result.status == 1)
        #expect(result.stderr.contains("'turns' has 0 texts; a question has one or two turns"), "\(result.stderr)")
    }
}
