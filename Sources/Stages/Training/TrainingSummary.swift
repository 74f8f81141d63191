internal import Artifacts

/// What a training log showed, for the closing table.
enum TrainingSummary {
    /// At the start and the end of training each metric is averaged over this share of the steps, since single batches
    /// differ more than the training changes them.
    private static let window = 0.1

    static func members(_ steps: [TrainingStep], metrics names: [String]) -> [String: JSONValue] {
        let count = max(1, Int(Double(steps.count) * window))
        var members: [String: JSONValue] = ["steps": .count(steps.count)]
        for name in names where steps.contains(where: { $0.metrics[name] != nil }) {
            members[name] = .object([
                "start": .number(mean(steps.prefix(count).compactMap { $0.metrics[name] })),
                "end": .number(mean(steps.suffix(count).compactMap { $0.metrics[name] })),
            ])
        }
        members["tokens"] = .number(steps.last?.metrics["num_tokens"])
        return members
    }
}
