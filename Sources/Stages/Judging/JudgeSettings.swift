internal import Model
public import Pipeline

/// How a reply becomes a score.
public enum JudgeScoring: String, ParameterChoice {
    /// The score that the sampled reply states (the paper's way).
    case sampled
    /// The expectation over the score digits, at the place where the score is due after the reply's own justification.
    /// It exists wherever the context has room for it, and seldom ties, which helps a small judge.
    case expected
}

/// What a judge needs to know besides its model and its template.
struct JudgeSettings {
    var samples: Int
    var sampling: SamplingParameters
    var maxTokens: Int
    var scoring: JudgeScoring
    /// How many hand-judged examples stand before the task.
    var workedExamples: Int
    var precision: Precision
    var weights: WeightFormat

    /// - Parameter require: refuses a value outside a range, under the name it has in pipeline files.
    func validate(_ require: (_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws -> Void) throws {
        try sampling.validate()
        try weights.validate(precision)
        try require(samples, 1...ParameterLimit.count, "samples")
        try require(maxTokens, 1...ParameterLimit.count, "max_tokens")
        try require(workedExamples, 0...ParameterLimit.workedExamples, "worked_examples")
    }
}
