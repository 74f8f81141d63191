internal import Foundation

/// A model asked for scores: LLM-as-a-judge (paper §2.2, Figure 2).
final class Judge {
    /// One response to be judged.
    struct Item {
        /// What its random numbers depend on.
        let id: String
        let instruction: String
        let response: String
    }

    private let writer: any ReplyWriter
    private let template: JudgeTemplate
    let settings: JudgeSettings

    init(_ writer: any ReplyWriter, template: JudgeTemplate, settings: JudgeSettings) {
        self.writer = writer
        self.template = template
        self.settings = settings
    }

    /// The replies about each item, `settings.samples` each.
    /// - Parameter total: how many replies the stage will ask for in all, for its progress.
    func replies(to items: [Item], of total: Int?) async throws -> [[Judgement.Reply]] {
        let tasks = items.map { item in
            ScoredTask(
                JudgeTask(
                    id: item.id, text: template.render(instruction: item.instruction, response: item.response)),
                form: template.form)
        }
        return try await writer.scores(of: tasks, settings: settings, total: total)
    }
}

/// The expectation over a few alternatives that a model could go on with.
enum Expectation {
    /// Σ value · p(value), the probabilities scaled to add up to one over the alternatives.
    static func value(of values: [Double], logProbabilities: [Float]) -> Double {
        let largest = Double(logProbabilities.max() ?? 0)
        var sum = 0.0, weighted = 0.0
        for (value, logProbability) in zip(values, logProbabilities) {
            // Relative to the largest: the alternatives' own probabilities may all be too small for exp.
            let weight = exp(Double(logProbability) - largest)
            sum += weight
            weighted += weight * value
        }
        return weighted / sum
    }
}
