internal import Artifacts
internal import Foundation
internal import Pipeline

/// A rubric by which two responses can be compared: one that shows both, or one that scores each.
package enum ComparisonRubric: Equatable, Sendable {
    case pairwise(PairwiseTemplate)
    case pointwise(JudgeTemplate)

    /// A text with `{response}` in it is pointwise, any other must be pairwise.
    package init(_ text: String, name: String) throws {
        self =
            text.contains("{response}")
            ? .pointwise(try JudgeTemplate(text, name: name)) : .pairwise(try PairwiseTemplate(text, name: name))
    }
}

/// Asks a judge which of two responses is better.
///
/// With a pairwise rubric both orders are asked for: judges favour what they see first (or last), and so do small models
/// above all. With a pointwise one each response is scored by itself, and there is no order to favour.
final class ResponseComparer {
    private let rubric: ComparisonRubric
    private let writer: any ReplyWriter
    private let settings: JudgeSettings

    init(_ writer: any ReplyWriter, rubric: ComparisonRubric, settings: JudgeSettings) {
        self.rubric = rubric
        self.writer = writer
        self.settings = settings
    }

    /// Replies that a match takes: in both orders, or about both responses.
    static func replies(perMatch settings: JudgeSettings) -> Int { 2 * settings.samples }

    /// Replies that these matches take.
    static func replies(to matches: [ResponseMatch], _ settings: JudgeSettings) -> Int {
        matches.count(where: \.needsJudge) * replies(perMatch: settings)
    }

    /// A judgement of each match, in order.
    /// - Parameter total: how many replies the stage will ask for in all, for its progress.
    func compare(_ matches: [ResponseMatch], of total: Int?) async throws -> [PairwiseJudgement] {
        let asked = matches.filter(\.needsJudge)
        var replies =
            switch rubric {
            case .pairwise(let template): try await compareInBothOrders(asked, by: template, of: total)[...]
            case .pointwise(let template): try await scoreEach(asked, by: template, of: total)[...]
            }
        return matches.map { match in
            PairwiseJudgement(match, replies: match.needsJudge ? replies.removeFirst() : [])
        }
    }

    private func scoreEach(
        _ matches: [ResponseMatch], by template: JudgeTemplate, of total: Int?
    ) async throws -> [[PairwiseJudgement.Reply]] {
        let judge = Judge(writer, template: template, settings: settings)
        let items = matches.flatMap { match in
            [(match.first.id, match.firstText), (match.second.id, match.secondText)].map { id, text in
                Judge.Item(id: id, instruction: match.prompt, response: text)
            }
        }
        let replies = try await judge.replies(to: items, of: total)
        return matches.indices.map { place in
            zip([PairwiseJudgement.Shown.first, .second], replies[(2 * place)...]).flatMap { shown, replies in
                replies.map { reply in
                    PairwiseJudgement.Reply(
                        shown: shown, raw: reply.raw, finish: reply.finish, value: reply.value, reason: reply.reason)
                }
            }
        }
    }

    // MARK: Both orders

    private func compareInBothOrders(
        _ matches: [ResponseMatch], by template: PairwiseTemplate, of total: Int?
    ) async throws -> [[PairwiseJudgement.Reply]] {
        let orders: [PairwiseJudgement.Shown] = [.firstThenSecond, .secondThenFirst]
        let tasks = matches.flatMap { match in orders.map { task(match, shown: $0, template) } }
        let written = try await writer.replies(to: tasks, samples: settings.samples, of: total)
        let values = try await values(of: written, to: tasks, template.form)
        let parser = PreferenceParser(template.form)
        return matches.indices.map { place in
            orders.enumerated().flatMap { order, shown in
                let index = orders.count * place + order
                return zip(written[index], values[index]).map { reply, value in
                    PairwiseJudgement.Reply(
                        shown: shown, raw: reply.text, finish: reply.finish,
                        value: value.map { shown == .firstThenSecond ? $0 : 1 - $0 },
                        reason: parser.parse(reply.text, finish: reply.finish).reason)
                }
            }
        }
    }

    private func task(
        _ match: ResponseMatch, shown: PairwiseJudgement.Shown, _ template: PairwiseTemplate
    ) -> JudgeTask {
        let (first, second) =
            shown == .firstThenSecond
            ? (match.firstText, match.secondText) : (match.secondText, match.firstText)
        return JudgeTask(
            id: "\(match.first.id)/\(match.second.id)/\(shown.rawValue)",
            text: template.render(instruction: match.prompt, first: first, second: second))
    }

    /// Of each reply to each task, how far it is for the response shown first, 0 … 1.
    private func values(
        of written: [[WrittenReply]], to tasks: [JudgeTask], _ form: PairwiseForm
    ) async throws -> [[Double?]] {
        let parser = PreferenceParser(form)
        guard settings.scoring == .expected else {
            return written.map { $0.map { parser.parse($0.text, finish: $0.finish).preference?.value } }
        }
        let alternatives = zip(tasks, written).flatMap { task, replies in
            replies.map { reply in
                let justification = parser.justification(in: reply.text)
                return AlternativeEndings(
                    task: task,
                    replies: Preference.allCases.map { form.reply(justification: justification, preference: $0) })
            }
        }
        var expected = try await writer.logProbabilities(of: alternatives).map { row in
            row.map { Expectation.value(of: Preference.allCases.map(\.value), logProbabilities: $0) }
        }[...]
        return written.map { replies in replies.map { _ in expected.removeFirst() } }
    }
}

extension ResponseComparer {
    /// A judgement of each match, in order, shard by shard.
    /// - Parameter list: names the shards; another one for each time that the same matches are compared.
    func judgements(
        of matches: [ResponseMatch], list: String, _ context: StageContext
    ) async throws -> [PairwiseJudgement] {
        let total = Self.replies(to: matches, settings)
        return try await context.shards(list, of: PairwiseJudgement.self, items: matches.count) { range in
            try await compare(Array(matches[range]), of: total)
        }
    }
}
