import Foundation
import Stages
import TestSupport
import Testing

@Suite("Numbers and short answers in what a model writes")
struct BenchmarkAnswerTextTests {
    @Test(
        "strict takes the first number behind '#### ', flexible the last number of all",
        arguments: [
            ("So 3.\n#### 18", "18", "18"), ("#### $5", nil, "5"), ("#### 1,234.50\n#### 7", "1234.50", "7"),
            ("It is -12 degrees.", nil, "-12"), ("####18", nil, "18"), ("#### x #### -3.", "-3", "-3"),
            ("She has $1,000.", nil, "1000"), ("It takes 5...", nil, "5.."), ("Well...", nil, ".."),
            ("No number.", nil, nil), ("", nil, nil), ("#### ", nil, nil), ("½ of ٣ is 4", nil, "4"),
            ("5\r\n#### 6\r\n", "6", "6"), ("-", nil, nil), ("10 - 7", nil, "7"), ("3.", nil, "3"),
        ] as [(String, String?, String?)])
    func numbers(text: String, strict: String?, flexible: String?) {
        #expect(MathAnswer.strict(text) == strict)
        #expect(MathAnswer.flexible(text) == flexible)
    }

    @Test("answers are the same but for commas, dollars, what stands before '#### ', and a point at the end")
    func normalized() {
        #expect(MathAnswer.normalized("2 + 3 = 5\n#### 1,005.") == "1005")
        #expect(MathAnswer.normalized("#### 1 #### $7 ") == "7")
    }

    @Test(
        "short answers are compared without articles, case and ASCII's punctuation",
        arguments: [
            ("The Beatles", "beatles", true), ("a cat's tail", "CATS TAIL", true), ("Theatre", "atre", false),
            ("banana", "bnn", false), ("in the end", "in end", true), ("U.S.A", "usa", true), ("", "x", false),
            // One accent composed, one decomposed: not the same text.
            ("caf\u{e9}", "cafe\u{301}", false), ("Fr\u{f6}hlich", "fr\u{f6}hlich", true),
        ])
    func shortAnswers(answer: String, accepted: String, isRight: Bool) {
        #expect(ShortAnswer.isAccepted(normal: ShortAnswer.normalized(answer), ["other", accepted]) == isRight)
    }

    /// Solutions of four models with a verdict by GSM8K's authors on each.
    private struct Solved: Decodable {
        struct Solution: Decodable {
            let isCorrect: Bool
            let solution: String
            enum CodingKeys: String, CodingKey { case isCorrect = "is_correct", solution }
        }
        let truth: String
        let solutions: [Solution]

        private enum Keys: String, CodingKey, CaseIterable {
            case truth = "ground_truth"
            case smallTuned = "6b_finetuning", smallVerified = "6b_verification"
            case largeTuned = "175b_finetuning", largeVerified = "175b_verification"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            truth = try container.decode(String.self, forKey: .truth)
            solutions = try Keys.allCases.dropFirst().map { try container.decode(Solution.self, forKey: $0) }
        }
    }

    @Test(
        "both rules give the verdicts of GSM8K's authors on all 5,276 solutions that they published",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    func publishedSolutions() throws {
        let bytes = try CompressedText.read(
            SharedData.url("nlp-benchmarks/gsm8k/example_model_solutions.jsonl.gz"), name: "solutions")
        let rows = try bytes.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Solved.self, from: Data($0))
        }
        #expect(rows.count == 1319)
        var right = [0, 0, 0, 0], missing = [0, 0, 0, 0]
        for row in rows {
            // They wrote "A: " where the data set has "#### ".
            func marked(_ text: String) -> String { text.replacing("A: ", with: "#### ") }
            let gold = MathAnswer.normalized(marked(row.truth))
            for (model, solution) in row.solutions.enumerated() {
                let strict = MathAnswer.strict(marked(solution.solution))
                #expect((MathAnswer.flexible(solution.solution) == gold) == solution.isCorrect)
                #expect((strict == gold) == solution.isCorrect)
                right[model] += solution.isCorrect ? 1 : 0
                missing[model] += strict == nil ? 1 : 0
            }
        }
        // Counted with Python's regular expressions.
        #expect(right == [286, 515, 458, 742] && missing == [4, 1, 5, 1])
    }
}
