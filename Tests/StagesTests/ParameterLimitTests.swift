import Pipeline
import Stages
import Testing

@Suite("Numbers that a pipeline file can hold and no stage can use")
struct ParameterLimitTests {
    /// A parameter, and the numbers it may be.
    struct Limit: Sendable, CustomTestStringConvertible {
        var testDescription: String { "\(stage): \(name)" }
        let stage: String
        let name: String
        let range: ClosedRange<Int>
        /// Makes the stage with another value.
        let make: @Sendable (Int) throws -> Void

        init<S: Stage>(
            _ type: S.Type, _ name: String, _ range: ClosedRange<Int>,
            _ path: any WritableKeyPath<S.Parameters, Int> & Sendable
        ) {
            stage = S.kind.rawValue
            self.name = name
            self.range = range
            make = { value in
                var parameters = S.Parameters()
                parameters[keyPath: path] = value
                _ = try S(parameters: parameters)
            }
        }
    }

    static let count = 1...16_777_216
    static let resamples = 40...16_777_216

    static let limits = [
        Limit(AnswerQuestionsStage.self, "max_tokens", count, \.maxTokens),
        Limit(JudgeAnswersStage.self, "samples", count, \.samples),
        Limit(JudgeAnswersStage.self, "max_tokens", count, \.maxTokens),
        Limit(JudgeAnswersStage.self, "resamples", resamples, \.resamples),
        Limit(LabelPromptsStage.self, "max_tokens", count, \.maxTokens),
        Limit(BreakDownStage.self, "resamples", resamples, \.resamples),
        Limit(CountVotesStage.self, "resamples", resamples, \.resamples),
        Limit(SampleResponsesStage.self, "samples", count, \.samples),
        Limit(SampleResponsesStage.self, "max_tokens", count, \.maxTokens),
        Limit(JudgeResponsesStage.self, "samples", count, \.samples),
        Limit(JudgeResponsesStage.self, "max_tokens", count, \.maxTokens),
        Limit(JudgeResponsesStage.self, "worked_examples", 0...1024, \.workedExamples),
        Limit(EvaluateJudgeStage.self, "worked_examples", 0...1024, \.workedExamples),
        Limit(EvaluateJudgeStage.self, "resamples", resamples, \.resamples),
        Limit(LikelihoodBaselineStage.self, "resamples", resamples, \.resamples),
        Limit(CompareJudgesStage.self, "resamples", resamples, \.resamples),
        Limit(CompareJudgesStage.self, "permutations", count, \.permutations),
        Limit(MeasureSelfPreferenceStage.self, "resamples", resamples, \.resamples),
        Limit(MeasureSelfPreferenceStage.self, "permutations", count, \.permutations),
        Limit(FilterJudgementsStage.self, "worked_examples", 0...1024, \.workedExamples),
        Limit(FilterJudgementsStage.self, "attempts", count, \.attempts),
        Limit(WriteTasksStage.self, "prompts", count, \.prompts),
        Limit(WriteTasksStage.self, "max_tokens", count, \.maxTokens),
        Limit(WriteTasksStage.self, "requests_per_round", count, \.requestsPerRound),
        Limit(WriteTasksStage.self, "tasks_per_reply", count, \.tasksPerReply),
        Limit(FineTuneStage.self, "max_tokens", 2...16_777_216, \.maxTokens),
        Limit(FineTuneStage.self, "epochs", 1...16_777_215, \.epochs),
        Limit(FineTuneStage.self, "batch_size", 1...1_048_575, \.batchSize),
        Limit(PreferenceTrainingStage.self, "epochs", 1...16_777_215, \.epochs),
        Limit(PreferenceTrainingStage.self, "batch_size", 1...1_048_575, \.batchSize),
        Limit(ScoreReferenceStage.self, "max_tokens", 2...16_777_216, \.maxTokens),
        Limit(DealBallotsStage.self, "prompts", count, \.prompts),
        Limit(DealBallotsStage.self, "raters", 1...1024, \.raters),
        Limit(CountBallotsStage.self, "resamples", resamples, \.resamples),
        Limit(MeasureAnnotationsStage.self, "resamples", resamples, \.resamples),
        Limit(MakeModelStage.self, "merges", count, \.merges),
        Limit(MakeWorldStage.self, "judged", 0...16_777_216, \.judged),
        Limit(MakeWorldStage.self, "most_slips", 0...1024, \.mostSlips),
        Limit(MakeWorldStage.self, "flawed", 0...100, \.flawed),
        Limit(DrawTasksStage.self, "prompts", count, \.prompts),
        Limit(CheckAnswersStage.self, "resamples", resamples, \.resamples),
        Limit(MapTextsStage.self, "limit", 1...4000, \.limit),
        Limit(MapTextsStage.self, "max_tokens", count, \.maxTokens),
        Limit(MapTextsStage.self, "iterations", 1...100_000, \.iterations),
        Limit(MapTextsStage.self, "pairs", 1...1_000_000, \.pairs),
        Limit(MapTextsStage.self, "resamples", resamples, \.resamples),
    ]

    @Test("are refused before anything runs, with the parameter and what it may be", arguments: limits)
    func refused(limit: Limit) throws {
        for value in [Int.max, .min, limit.range.upperBound + 1, limit.range.lowerBound - 1] {
            let error = try #require(throws: StageError.self) { try limit.make(value) }
            #expect("\(error)".hasPrefix("stage '\(limit.stage)': parameter '\(limit.name)' is \(value)"))
            #expect("\(error)".contains("\(limit.range.upperBound)"), "\(error)")
        }
        try limit.make(limit.range.lowerBound)
        try limit.make(limit.range.upperBound)
    }

    @Test("a negative number of worked examples is refused, and not taken for none")
    func negativeWorkedExamples() {
        var parameters = JudgeResponsesStage.Parameters()
        parameters.workedExamples = -3
        #expect(
            throws: StageError.invalidParameter(
                stage: "judge", name: "worked_examples", problem: "is -3; it must be from 0 to 1024")
        ) { try JudgeResponsesStage(parameters: parameters) }
    }
}
