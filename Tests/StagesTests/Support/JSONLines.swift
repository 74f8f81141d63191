import Foundation
import TestSupport

/// Rows of a JSONL file of the shared data, for tests only.
enum JSONLines {
    static func read<Row: Decodable>(_ path: String, as: Row.Type) throws -> [Row] {
        let data = try Data(contentsOf: SharedData.url(path))
        let decoder = JSONDecoder()
        return try data.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Row.self, from: $0) }
    }
}
