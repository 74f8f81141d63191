internal import Pipeline

/// Puts demonstrations before questions: the first so many of a pool that are another question of the same subject.
package struct FewShotPrompt: Sendable {
    private let task: BenchmarkTask
    private let shots: Int
    private let description: String
    /// By subject, in the order of their files.
    private let pool: [String?: [BenchmarkItem]]

    /// - Parameter description: what stands before everything; nil for the harness's. `{subject}` is the question's.
    package init(task: BenchmarkTask, shots: Int, pool: [BenchmarkItem], description: String? = nil) {
        self.task = task
        self.shots = shots
        self.description = description ?? task.description
        self.pool = Dictionary(grouping: pool, by: \.subject)
    }

    /// The whole text before the answer to `item`; of a request its own prompt.
    /// - Throws: `StageError.invalidParameter` where the pool has too few.
    package func text(before item: BenchmarkItem) throws -> String {
        if item.isWholePrompt { return item.query }
        let subject = item.subject.map { $0.replacing("_", with: " ") } ?? "this subject"
        let demonstrations = try demonstrations(for: item).map { $0.query + " " + $0.solution + task.delimiter }
        return description.replacing("{subject}", with: subject) + demonstrations.joined() + item.query
    }

    private func demonstrations(for item: BenchmarkItem) throws -> [BenchmarkItem] {
        guard shots > 0 else { return [] }
        let others = pool[item.subject, default: []].lazy.filter { !$0.query.utf8.elementsEqual(item.query.utf8) }
        let chosen = Array(others.prefix(shots))
        guard chosen.count == shots else {
            let subject = item.subject.map { " of the subject '\($0)'" } ?? ""
            throw StageError.invalidParameter(
                stage: EvaluateBenchmarksStage.kind.rawValue, name: "shots",
                problem:
                    "is \(shots), and the files of 'shots' hold \(chosen.count) other questions\(subject); "
                    + "lower it, or give more")
        }
        return chosen
    }
}
