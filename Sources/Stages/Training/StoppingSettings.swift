internal import Model
internal import Pipeline

/// How `dpo` compares its checkpoints, where prompts are connected to `stopping-prompts` (paper §3.1.3).
package struct StoppingSettings: Codable, Sendable {
    enum CodingKeys: String, CodingKey {
        case every, temperature, samples, scoring
        case topP = "top_p", maxTokens = "max_tokens", verdictTemperature = "verdict_temperature"
        case verdictTokens = "verdict_tokens"
    }

    /// Steps between checkpoints: paper §3.1.3.
    package var every = 200
    /// Of the responses that are compared: as for candidates, paper §3.1.3.
    package var temperature = 0.7
    package var topP = 0.9
    /// The longest response, in tokens.
    package var maxTokens = 512
    /// Verdicts in each order, or of each response: as for `head-to-head`.
    package var samples = 1
    package var verdictTemperature = 0.0
    package var verdictTokens = 256
    package var scoring = JudgeScoring.sampled

    package init() {}

    var sampling: SamplingParameters { SamplingParameters(temperature: temperature, topP: topP) }

    func judge(_ precision: Precision) -> JudgeSettings {
        JudgeSettings(
            samples: samples, sampling: SamplingParameters(temperature: verdictTemperature, topP: topP),
            maxTokens: verdictTokens, scoring: scoring, workedExamples: 0, precision: precision, weights: .full)
    }

    /// - Throws: `StageError.invalidParameter`.
    func validate<Kind: Stage>(for stage: Kind.Type) throws {
        func require(_ value: Int, _ name: String) throws {
            try stage.require(value, in: 1...ParameterLimit.count, "stopping.\(name)")
        }
        try require(every, "every")
        try require(maxTokens, "max_tokens")
        try require(samples, "samples")
        try require(verdictTokens, "verdict_tokens")
        for (sampling, name) in [(sampling, "temperature"), (judge(.single).sampling, "verdict_temperature")] {
            do {
                try sampling.validate()
            } catch ModelError.configuration(let field, let problem) {
                let name = field == "temperature" ? name : field
                throw StageError.invalidParameter(
                    stage: stage.kind.rawValue, name: "stopping.\(name)", problem: problem)
            }
        }
    }
}
