internal import Artifacts
internal import Pipeline

/// The texts that go on the map, and what of the inputs does not.
struct TextSelection {
    /// Group by group, in the order of their first input; within one in the order of the rows.
    private(set) var texts: [MappedText] = []
    /// In order.
    private(set) var groups: [String] = []
    /// By group: those that are not on the map.
    private(set) var empty: [String: Int] = [:]
    private(set) var repeated: [String: Int] = [:]
    private(set) var overLimit: [String: Int] = [:]

    /// - Parameters:
    ///   - rows: the rows of each input, with the name of its group. Inputs of one name are one group.
    ///   - limit: how many texts a group may have. Of more, those are taken whose places in `seed` have the smallest keys:
    ///     a choice by lot that one row more or less hardly changes.
    init(_ rows: [(group: String, texts: [(row: String, text: String)])], limit: Int, seed: SeedPath) {
        for (group, texts) in rows.grouped(by: \.group).map({ ($0.key, $0.elements.flatMap(\.texts)) }) {
            groups.append(group)
            var seen: Set<String> = []
            let once = texts.filter { seen.insert($0.row).inserted }
            let written = once.filter { !$0.text.allSatisfy(\.isWhitespace) }
            let taken = Self.sample(written, limit: limit) { seed.child("limit", group, $0).key }
            repeated[group] = texts.count - once.count
            empty[group] = once.count - written.count
            overLimit[group] = written.count - taken.count
            self.texts += taken.map { MappedText(row: $0.row, group: group, text: $0.text) }
        }
    }

    private static func sample(
        _ texts: [(row: String, text: String)], limit: Int, key: (_ row: String) -> UInt64
    ) -> [(row: String, text: String)] {
        if texts.count <= limit { return texts }
        let order = texts.indices.map { (key(texts[$0].row), $0) }.sorted { $0 < $1 }
        return order.prefix(limit).map(\.1).sorted().map { texts[$0] }
    }
}
