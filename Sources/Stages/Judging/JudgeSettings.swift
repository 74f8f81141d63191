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

    /// - Throws: `StageError.invalidParameter`, `ModelError.configuration`.
    func validate<Kind: Stage>(for stage: Kind.Type) throws {
        try sampling.validate()
        try weights.validate(precision)
        try stage.require(samples, in: 1...ParameterLimit.count, "samples")
        try stage.require(maxTokens, in: 1...ParameterLimit.count, "max_tokens")
        try stage.require(workedExamples, in: 0...ParameterLimit.workedExamples, "worked_examples")
    }
}

/// What the stages that judge let a pipeline file say of their judge; each has its own defaults.
protocol JudgingParameters: StageParameters {
    var samples: Int { get }
    var temperature: Double { get }
    var topP: Double { get }
    var maxTokens: Int { get }
    var scoring: JudgeScoring { get }
    var workedExamples: Int { get }
    var precision: Precision { get }
    var weights: WeightFormat { get }
}

extension JudgingParameters {
    // Of stages that have no such parameter.
    var samples: Int { 1 }
    var workedExamples: Int { 0 }

    var judge: JudgeSettings {
        JudgeSettings(
            samples: samples, sampling: SamplingParameters(temperature: temperature, topP: topP),
            maxTokens: maxTokens,
            scoring: scoring, workedExamples: workedExamples, precision: precision, weights: weights)
    }
}
