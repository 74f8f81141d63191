internal import Foundation
internal import Model
internal import Pipeline

/// A model asked for verdicts: LLM-as-a-judge (paper §2.2, Figure 2).
final class Judge {
    /// One response to be judged.
    struct Item {
        /// What its random numbers depend on.
        let id: String
        let instruction: String
        let response: String
    }

    private let writer: Writer
    private let conversation: Conversation
    private let template: JudgeTemplate
    let settings: JudgeSettings
    private let workedExamples: [WorkedExample]
    private let seed: SeedPath
    private let parser: VerdictParser

    init(
        _ writer: Writer, template: JudgeTemplate, settings: JudgeSettings, workedExamples: [WorkedExample],
        seed: SeedPath
    ) throws {
        self.writer = writer
        self.template = template
        self.settings = settings
        self.workedExamples = workedExamples
        self.seed = seed
        parser = VerdictParser(template.form)
        conversation = try Conversation(writer.model)
    }

    /// The replies about each item, `settings.samples` each.
    /// - Parameter total: how many replies the stage will ask for in all, for its progress.
    func replies(to items: [Item], of total: Int?) throws -> [[Judgement.Reply]] {
        let prompts = try items.map { item in
            try conversation.prompt(
                template.render(instruction: item.instruction, response: item.response), after: workedExamples)
        }
        let requests = zip(items, prompts).flatMap { item, prompt in
            (0..<settings.samples).map { sample in
                GenerationRequest(
                    prompt: prompt, maximumNewTokens: settings.maxTokens, stopTokens: conversation.stopTokens,
                    sampling: settings.sampling, randomKey: seed.child(item.id, String(sample), "verdict").key)
            }
        }
        let results = try writer.write(requests, of: total, unit: "verdicts")
        let expectations = try expectedScores(after: results, prompts: requests.map(\.prompt))
        return items.indices.map { place in
            (0..<settings.samples).map { sample in
                let index = place * settings.samples + sample
                let finish = Finish(results[index].finish)
                return Judgement.Reply(
                    raw: results[index].text, finish: finish,
                    verdict: parser.parse(results[index].text, finish: finish), expected: expectations[index])
            }
        }
    }

    // MARK: Expectation over the score digits

    /// The expected score of each reply; nil where it is not asked for, or the model's context has no room for it.
    private func expectedScores(after replies: [GenerationResult], prompts: [[Int32]]) throws -> [Double?] {
        guard settings.scoring == .expected else { return replies.map { _ in nil } }
        let leads = replies.map(scoreLead)
        var expectations = [Double?](repeating: nil, count: replies.count)
        // A tokenizer may join the digit with what stands before it, differently after different texts.
        let groups = leads.enumerated().grouped { $0.element.digits }
        for (digits, members) in groups {
            let fitting = members.filter {
                prompts[$0.offset].count + $0.element.tokens.count <= writer.model.model.configuration.contextLength
            }
            let rows = try writer.logProbabilities(
                after: fitting.map { prompts[$0.offset] + $0.element.tokens }, of: digits)
            for (member, row) in zip(fitting, rows) { expectations[member.offset] = expectation(row) }
        }
        return expectations
    }

    /// The tokens from the reply's justification up to where the digit is due, and the tokens of the scale's digits there.
    private func scoreLead(_ reply: GenerationResult) -> (tokens: [Int32], digits: [Int32]) {
        let justification = parser.justification(in: reply.text, finish: Finish(reply.finish))
        let texts = template.form.scale.map { score in
            conversation.tokenizer.encodeContinuation(
                JudgeReply.text(justification: justification, score: score, form: template.form))
        }
        var shared = 0
        while texts.allSatisfy({ $0.count > shared && $0[shared] == texts[0][shared] }) { shared += 1 }
        return (Array(texts[0].prefix(shared)), texts.map { $0.count > shared ? $0[shared] : $0[$0.count - 1] })
    }

    /// Σ score · p(score), the probabilities scaled to add up to one over the scores.
    private func expectation(_ logProbabilities: [Float]) -> Double {
        let largest = Double(logProbabilities.max() ?? 0)
        var sum = 0.0, weighted = 0.0
        for (score, logProbability) in zip(template.form.scale, logProbabilities) {
            // Relative to the largest: the digits' own probabilities may all be too small for exp.
            let weight = exp(Double(logProbability) - largest)
            sum += weight
            weighted += weight * Double(score)
        }
        return weighted / sum
    }
}
