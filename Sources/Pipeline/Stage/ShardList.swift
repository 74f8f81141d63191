internal import Artifacts
internal import Foundation

/// The shards of one list of rows, as pieces in staging.
///
/// How the list is cut is staged with the first shard. A later attempt keeps to it, whatever its own shard size, so
/// that what was finished still fits.
struct ShardList<R: Record> {
    let name: String
    let items: Int
    let rowsPerShard: Int
    private let staging: StagingFolder

    private struct Layout: Codable {
        var items: Int
        var rowsPerShard: Int
    }

    init(name: String, items: Int, size: ShardSize, staging: StagingFolder) throws {
        self.name = name
        self.items = items
        self.staging = staging
        let piece = "\(name)-layout"
        if let earlier = try Self.layout(piece, in: staging), earlier.items == items, earlier.rowsPerShard > 0 {
            rowsPerShard = min(earlier.rowsPerShard, max(1, items))
            return
        }
        rowsPerShard = size.rows(of: items)
        guard items > 0 else { return }
        let layout = try CanonicalJSON.encode(encodable: Layout(items: items, rowsPerShard: rowsPerShard))
        try staging.publish(piece) { try $0.write(layout) }
    }

    /// What an earlier attempt staged; a piece that cannot be read counts as none.
    private static func layout(_ piece: String, in staging: StagingFolder) throws -> Layout? {
        guard let url = try staging.open(piece), let bytes = try? Data(contentsOf: url),
            let value = try? CanonicalJSON.parse(bytes)
        else { return nil }
        return try? CanonicalJSON.decode(Layout.self, from: value)
    }

    var count: Int { (items + rowsPerShard - 1) / rowsPerShard }

    func range(_ index: Int) -> Range<Int> {
        index * rowsPerShard..<min(items, (index + 1) * rowsPerShard)
    }

    /// The rows of a shard that an earlier attempt finished; nil where there is none that is sound.
    func finished(_ index: Int) throws -> [R]? { try staging.rows(piece(index), as: R.self) }

    /// Puts a finished shard into staging, durably.
    func publish(_ rows: [R], _ index: Int) throws { try staging.publish(rows: rows, as: piece(index)) }

    private func piece(_ index: Int) -> String {
        let range = range(index)
        return "\(name)-\(range.lowerBound)-\(range.upperBound)"
    }
}
