internal import Artifacts
package import Foundation

/// Reads the items of a benchmark from JSON lines: rows of the data set as it is given out, rows with a `query` made of
/// them, or an evaluation's requests with the whole prompt in them. The form is told from each row.
package enum BenchmarkFileReader {
    /// Requests from this document number on have no question before the choice: they are for another way to normalise.
    static let unconditionedDocument = 1_000_000

    /// The items of `files`, in their order.
    /// - Throws: `StageError` with file and line for a row that is no item of `task`; also for a file without items.
    package static func items(
        _ files: [(url: URL, name: String)], of task: BenchmarkTask
    ) throws -> [BenchmarkItem] {
        var seen: [String: Int] = [:]
        return try files.flatMap { try items(of: $0, task) }.map { item in
            let occurrence = seen[item.id, default: 0]
            seen[item.id] = occurrence + 1
            return occurrence == 0 ? item : item.repeated(occurrence, task: task)
        }
    }

    private static func items(of file: (url: URL, name: String), _ task: BenchmarkTask) throws -> [BenchmarkItem] {
        var items: [BenchmarkItem] = []
        var requests = BenchmarkRequests(task)
        for line in try JSONLineReader.read(file.url, name: file.name) {
            let row = RowReader(value: line.value, file: file.name, line: line.number)
            guard case .object = line.value else {
                throw row.failure(
                    "is \(line.value.typeName), not an object; give one item of '\(task.rawValue)' a line")
            }
            if line.value["request"] != nil {
                try requests.add(row)
            } else {
                items.append(try BenchmarkRow(row, task).item())
            }
        }
        items += try requests.items()
        guard !items.isEmpty else {
            throw StageError.unreadable(
                file: file.name, problem: "holds no items; give a file with one item of '\(task.rawValue)' a line")
        }
        return items
    }
}
