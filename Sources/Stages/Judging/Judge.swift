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
    private let parser: VerdictParser

    init(_ writer: any ReplyWriter, template: JudgeTemplate, settings: JudgeSettings) {
        self.writer = writer
        self.template = template
        self.settings = settings
        parser = VerdictParser(template.form)
    }

    /// The replies about each item, `settings.samples` each.
    /// - Parameter total: how many replies the stage will ask for in all, for its progress.
    func replies(to items: [Item], of total: Int?) async throws -> [[Judgement.Reply]] {
        let tasks = items.map { item in
            JudgeTask(
                id: item.id, text: template.render(instruction: item.instruction, response: item.response))
        }
        let written = try await writer.replies(to: tasks, samples: settings.samples, of: total)
        var expectations = try await expectedScores(after: written, to: tasks)[...]
        return written.map { replies in
            replies.map { reply in
                Judgement.Reply(
                    raw: reply.text, finish: reply.finish, verdict: parser.parse(reply.text, finish: reply.finish),
                    expected: expectations.popFirst() ?? nil)
            }
        }
    }

    /// The expected score of each reply, one task's after the other's; nil where it is not asked for, or the model's
    /// context has no room for it.
    private func expectedScores(after written: [[WrittenReply]], to tasks: [JudgeTask]) async throws -> [Double?] {
        guard settings.scoring == .expected else { return written.flatMap { $0.map { _ in nil } } }
        let scale = template.form.scale
        let alternatives = zip(tasks, written).flatMap { task, replies in
            replies.map { reply in
                let justification = parser.justification(in: reply.text, finish: reply.finish)
                return AlternativeEndings(
                    task: task,
                    replies: scale.map {
                        JudgeReply.text(justification: justification, score: $0, form: template.form)
                    })
            }
        }
        return try await writer.logProbabilities(of: alternatives).map { row in
            row.map { Expectation.value(of: scale.map(Double.init), logProbabilities: $0) }
        }
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
