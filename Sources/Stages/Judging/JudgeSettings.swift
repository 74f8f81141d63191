internal import Model
public import Pipeline

/// How a reply becomes a score.
public enum JudgeScoring: String, ParameterChoice {
    /// The score that the sampled reply states (the paper's way).
    case sampled
    /// The expectation over the score digits, at the place where the score is due after the reply's own justification.
    /// It always exists and seldom ties, which helps a small judge.
    case expected
}

/// What a judge needs to know besides its model and its template.
struct JudgeSettings {
    var samples: Int
    var sampling: SamplingParameters
    var maxTokens: Int
    var scoring: JudgeScoring

    /// - Throws: what is wrong, with the names parameters have in pipeline files.
    func validate(_ require: (_ condition: Bool, _ name: String, _ problem: String) throws -> Void) throws {
        try sampling.validate()
        try require(samples >= 1, "samples", "is \(samples); it must be at least 1")
        try require(maxTokens >= 1, "max_tokens", "is \(maxTokens); it must be at least 1")
    }
}
