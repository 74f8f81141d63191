import Artifacts
import Model
import Stages
import Testing

@Suite("Accuracy on benchmarks")
struct BenchmarkAccuracyTests {
    private func item(_ task: BenchmarkTask, _ row: String) throws -> BenchmarkItem {
        try withTemporaryFile(row) { try BenchmarkFileReader.items([(url: $0, name: "items")], of: task) }[0]
    }

    /// An answer with the given log-probabilities of choices.
    private func answer(
        _ logProbabilities: [Double?], _ texts: [String], gold: Int, subject: String = "x", truncated: Int = 0
    ) throws -> BenchmarkAnswer {
        let item = try item(.mmlu, BenchmarkRows.mmlu.replacing("world_religions", with: subject))
        return BenchmarkAnswer(
            BenchmarkQuestion(task: .piqa, item: item, row: 0, prompt: "p"),
            choices: zip(texts, logProbabilities).map { .init(text: $0, logProbability: $1, tokens: 1) }, gold: gold,
            truncated: truncated)
    }

    private func measure(_ task: BenchmarkTask, _ answers: [BenchmarkAnswer]) -> [String: Measurement] {
        let found = BenchmarkAccuracy(task, answers, estimator: .fixed(resamples: 100))
        return Dictionary(uniqueKeysWithValues: found.measurements.map { ($0.name, $0) })
    }

    @Test("acc takes the largest sum, acc_norm the largest sum a character, of equal ones the first")
    func rules() throws {
        // −4 > −6, but −4/2 < −6/6. Characters are Python's: the flag of two scalars is two.
        let one = try answer([-4, -6], ["ab", "abcdef"], gold: 1)
        #expect(one.predictions.map(\.choice) == [0, 1] && one.predictions.map(\.isCorrect) == [false, true])
        let flag = try answer([-2, -2], ["\u{1F1E9}\u{1F1EA}", "a"], gold: 0)
        #expect(flag.choices?.map(\.characters) == [2, 1] && flag.predictions.map(\.choice) == [0, 0])
        let empty = try answer([-1, -2], ["", "a"], gold: 1)
        #expect(empty.predictions.map(\.choice) == [0, 0])
        let missing = try answer([-1, nil], ["a", "b"], gold: 0)
        #expect(missing.predictions.map(\.choice) == [nil, nil] && !missing.predictions.contains(where: \.isCorrect))
    }

    @Test("accuracy over all items and by subject, with the standard error of the sample and an interval")
    func measurements() throws {
        let found = measure(
            .piqa,
            [
                try answer([-1, -2], ["a", "b"], gold: 0, subject: "s"),
                try answer([-1, -2], ["a", "b"], gold: 0, subject: "s", truncated: 3),
                try answer([-1, -2], ["a", "b"], gold: 0, subject: "t"),
                try answer([-1, -2], ["a", "b"], gold: 1, subject: "t"),
            ])
        #expect(found["piqa.acc"]?.value == 0.75 && found["piqa.acc"]?.count == 4)
        // Values 1, 1, 1, 0: squares add up to 3·(1/4)² + (3/4)² = 3/4; √(3/4 / 3 / 4) = 1/4.
        #expect(found["piqa.acc"]?.note?.contains("standard error 0.25000, sample sd/√n") == true)
        #expect(BenchmarkAccuracy.standardError([1, 1, 1, 0]) == 0.25)
        #expect(
            found["piqa.s.acc"]?.value == 1 && found["piqa.t.acc"]?.value == 0.5 && found["piqa.t.acc"]?.count == 2)
        // By size: (2·1 + 2·½)/4, the overall value.
        #expect((found["piqa.acc"]?.lower ?? 1) < 0.75 && (found["piqa.acc"]?.upper ?? 0) > 0.75)
        #expect(found["piqa.truncated"]?.value == 0.25 && found["piqa.does_not_fit"]?.value == 0)
    }

    @Test("one item has a value and neither a standard error nor an interval; none has no value")
    func few() throws {
        let one = measure(.piqa, [try answer([-1, -2], ["a", "b"], gold: 0)])["piqa.acc"]
        #expect(one?.value == 1 && one?.lower == nil && one?.note?.contains("no standard error of fewer") == true)
        let none = measure(.piqa, [])["piqa.acc_norm"]
        #expect(none?.value == nil && none?.count == 0 && none?.lower == nil)
    }

    @Test("written answers are counted by both rules, and those without a number or an end are")
    func written() throws {
        let item = try item(.gsm8k, BenchmarkRows.gsm8k)
        let answers = [("5 it is.\n#### 5", Finish.stop), ("The answer is 5.", .length), ("Five.", .stop)].map {
            BenchmarkAnswer(
                BenchmarkQuestion(task: .gsm8k, item: item, row: 0, prompt: "p"),
                reply: .init(text: $0.0, tokens: 1, finish: $0.1), accepted: ["5"], truncated: 0)
        }
        #expect(answers.map { $0.predictions.map(\.text) } == [["5", "5"], [nil, "5"], [nil, nil]])
        let found = measure(.gsm8k, answers)
        #expect(found["gsm8k.strict"]?.value == 1.0 / 3 && found["gsm8k.flexible"]?.value == 2.0 / 3)
        #expect(found["gsm8k.cut_off"]?.value == 1.0 / 3 && found["gsm8k.no_answer_strict"]?.value == 2.0 / 3)
        #expect(found["gsm8k.no_answer_flexible"]?.value == 1.0 / 3)
        #expect(Set(answers.map(\.id)).count == 3 && Set(answers.map(\.item)).count == 1)
    }
}
