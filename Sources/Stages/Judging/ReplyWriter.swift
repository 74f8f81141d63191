/// A text that a judge is to reply to.
struct JudgeTask {
    /// What its random numbers depend on.
    let id: String
    let text: String
}

/// A reply to a task, as it was written.
struct WrittenReply {
    let text: String
    let finish: Finish
}

/// Ways in which a reply to a task could end, of which the likelier one counts.
struct AlternativeEndings {
    let task: JudgeTask
    /// Whole replies, none of them the beginning of another unless that is said.
    let replies: [String]
    /// Whether one may be the beginning of another, as 1 is of 10. It is then as likely as all that goes on otherwise.
    var mayBeginAlike = false
}

/// Whoever writes a judge's replies.
protocol ReplyWriter: AnyObject {
    /// `samples` replies to each task.
    /// - Parameter total: how many replies the stage will ask for in all, for its progress.
    func replies(to tasks: [JudgeTask], samples: Int, of total: Int?) async throws -> [[WrittenReply]]

    /// Of each alternative the log-probability, in nats, of the tokens by which it parts from the others; nil where the
    /// context has no room for them.
    func logProbabilities(of alternatives: [AlternativeEndings]) async throws -> [[Float]?]
}
