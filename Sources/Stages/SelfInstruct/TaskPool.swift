/// The tasks known so far, and the rules by which a reply adds to them.
///
/// Seeds and demonstrations are never counted as new prompts: only the reply is cut into tasks, not the prompt before
/// it, and a task that the reply copies from a demonstration is dropped as a duplicate.
package struct TaskPool {
    /// A reply to one request.
    package struct Reply: Equatable, Sendable {
        /// The continuation alone.
        package let text: String
        /// Generation did not end by itself.
        package let isCutOff: Bool
        package let prompt: TaskPrompt
        package let round: Int
        package let request: Int

        package init(text: String, isCutOff: Bool, prompt: TaskPrompt, round: Int, request: Int) {
            self.text = text
            self.isCutOff = isCutOff
            self.prompt = prompt
            self.round = round
            self.request = request
        }
    }

    /// Self-Instruct discards a reply that was cut off, all of it. With this on, only its last task is discarded.
    package var keepsCompleteTasksOfCutOffReplies = false
    package var splitter = TaskSplitter()
    package var filter = TaskFilter()

    package let seeds: [Demonstration]
    /// The tasks accepted so far, in order.
    package private(set) var prompts: [GeneratedPrompt] = []
    /// One entry for each piece of each reply.
    package private(set) var ledger: [LedgerEntry] = []

    private let maximumSimilarity: Double
    private var similarity = SimilarityPool()
    /// Exact texts, since ROUGE-L finds no likeness in scripts without a–z0–9. Compared without case.
    private var texts: [String: String] = [:]

    /// - Parameters:
    ///   - seeds: human tasks; new ones are compared with all of them.
    ///   - others: tasks that new ones may not repeat or resemble either, and that are never shown: those of an earlier
    ///     iteration, or held-out ones.
    ///   - maximumSimilarity: the ROUGE-L F1 above which a task is dropped. Exactly this much passes.
    package init(seeds: [Demonstration], others: [Demonstration] = [], maximumSimilarity: Double) {
        self.seeds = seeds
        self.maximumSimilarity = maximumSimilarity
        for task in seeds + others { remember(task.text, as: task.id) }
    }

    /// The ledger when only the first `count` accepted tasks are used: those after them are dropped as surplus.
    package func ledger(keeping count: Int) -> [LedgerEntry] {
        let surplus = Set(prompts.dropFirst(count).map(\.id))
        return ledger.map { entry in
            guard entry.decision == .kept, surplus.contains(entry.item) else { return entry }
            return LedgerEntry(
                item: entry.item, decision: .dropped, reason: TaskFilter.Reason.surplus, detail: entry.detail)
        }
    }

    /// The accepted tasks as demonstrations.
    package var own: [Demonstration] { prompts.map { Demonstration(id: $0.id, text: $0.text) } }

    /// Cuts a reply into tasks and takes the good ones in, one by one: a task is compared with those before it too.
    package mutating func take(_ reply: Reply) {
        let pieces = splitter.pieces(of: reply.text)
        for (position, piece) in pieces.enumerated() {
            let isUsable = !reply.isCutOff || (keepsCompleteTasksOfCutOffReplies && position < pieces.count - 1)
            take(filter.normalized(piece), isUsable: isUsable, position: position, of: reply)
        }
    }

    private mutating func take(_ task: String, isUsable: Bool, position: Int, of reply: Reply) {
        let prompt = GeneratedPrompt(
            text: task, demonstrations: reply.prompt.demonstrations.map(\.id),
            round: reply.round, request: reply.request, position: position)
        func note(_ decision: LedgerEntry.Decision, _ reason: TaskFilter.Reason, _ detail: String) {
            ledger.append(LedgerEntry(item: prompt.id, decision: decision, reason: reason, detail: detail))
        }
        if !isUsable { return note(.dropped, .replyCutOff, task) }
        if let objection = filter.objection(to: task) {
            let detail = objection.detail.isEmpty ? task : "\(objection.detail): \(task)"
            return note(.dropped, objection.reason, detail)
        }
        if let twin = texts[task.lowercased()] { return note(.dropped, .duplicate, "of \(twin): \(task)") }
        if let match = similarity.nearest(to: task, above: maximumSimilarity) {
            return note(.dropped, .similar, "\(match.similarity) to \(match.id): \(task)")
        }
        remember(task, as: prompt.id)
        prompts.append(prompt)
        note(.kept, .kept, task)
    }

    private mutating func remember(_ text: String, as id: String) {
        similarity.insert(id: id, text: text)
        let key = text.collapsingWhitespace().lowercased()
        if texts[key] == nil { texts[key] = id }
    }
}
