/// A task whose replies state a score.
struct ScoredTask {
    let task: JudgeTask
    /// How they state it.
    let form: ScoreForm

    init(_ task: JudgeTask, form: ScoreForm) {
        self.task = task
        self.form = form
    }
}

extension ReplyWriter {
    /// The replies to each task, `settings.samples` each, and the scores in them.
    /// - Parameter total: how many replies the stage will ask for in all, for its progress.
    func scores(
        of tasks: [ScoredTask], settings: JudgeSettings, total: Int?
    ) async throws -> [[Judgement.Reply]] {
        let written = try await replies(to: tasks.map(\.task), samples: settings.samples, of: total)
        var expectations = try await expectedScores(after: written, to: tasks, settings)[...]
        return zip(tasks, written).map { task, replies in
            let parser = VerdictParser(task.form)
            return replies.map { reply in
                Judgement.Reply(
                    raw: reply.text, finish: reply.finish, verdict: parser.parse(reply.text, finish: reply.finish),
                    expected: expectations.popFirst() ?? nil)
            }
        }
    }

    /// The expected score of each reply, one task's after the other's; nil where it is not asked for, or the model's
    /// context has no room for it.
    private func expectedScores(
        after written: [[WrittenReply]], to tasks: [ScoredTask], _ settings: JudgeSettings
    ) async throws -> [Double?] {
        guard settings.scoring == .expected else { return written.flatMap { $0.map { _ in nil } } }
        let alternatives = zip(tasks, written).flatMap { task, replies in
            let parser = VerdictParser(task.form)
            return replies.map { reply in
                let justification = parser.justification(in: reply.text, finish: reply.finish)
                return (
                    task.form.scale,
                    AlternativeEndings(
                        task: task.task,
                        replies: task.form.scale.map {
                            JudgeReply.text(justification: justification, score: $0, form: task.form)
                        },
                        mayBeginAlike: task.form.hasScoresThatBeginAlike)
                )
            }
        }
        let rows = try await logProbabilities(of: alternatives.map(\.1))
        return zip(alternatives, rows).map { alternative, row in
            row.map { Expectation.value(of: alternative.0.map(Double.init), logProbabilities: $0) }
        }
    }
}
