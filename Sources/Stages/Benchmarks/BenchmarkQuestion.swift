internal import Pipeline

/// An item as it is put to the model.
package struct BenchmarkQuestion: Sendable {
    package let task: BenchmarkTask
    package let item: BenchmarkItem
    /// The item's place among those of its files, from 0.
    package let row: Int
    /// All that stands before the answer.
    package let prompt: String

    package init(task: BenchmarkTask, item: BenchmarkItem, row: Int, prompt: String) {
        self.task = task
        self.item = item
        self.row = row
        self.prompt = prompt
    }
}

/// Which items are taken where there is a limit.
package enum BenchmarkSelection: String, ParameterChoice {
    /// As many, drawn by their ids: the same whatever the model and the seed, and more of them include fewer.
    case sample
    /// The first of the files.
    case first

    /// The places of `limit` of the items, ascending.
    package func places(in items: [BenchmarkItem], limit: Int?) -> [Int] {
        guard let limit, limit < items.count else { return Array(items.indices) }
        switch self {
        case .first: return Array(0..<limit)
        case .sample: return items.indices.sorted { items[$0].id < items[$1].id }.prefix(limit).sorted()
        }
    }
}
