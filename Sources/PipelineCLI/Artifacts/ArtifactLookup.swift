internal import Artifacts

/// Finds the one artifact that a user means.
struct ArtifactLookup {
    let store: ArtifactStore

    /// - Parameters:
    ///   - text: a digest or the beginning of one, `stage.port`, or the name of a stage with one output.
    ///   - schema: what the command can use; of several outputs of a stage, only those are meant.
    /// - Throws: `CommandError` where nothing or more than one thing fits.
    func one(_ text: String, preferring schema: String? = nil) throws -> ArtifactListing {
        var matches = try store.resolve(text)
        let usable = matches.filter { $0.reference.schema == schema }
        if !usable.isEmpty { matches = usable }
        guard let first = matches.first else {
            throw CommandError.unknownReference(text, known: try nearest(to: text))
        }
        let digests = Set(matches.map(\.reference.digest))
        if digests.count == 1 { return first }
        // Several ports of one stage, or several digests that begin alike.
        if matches.allSatisfy({ $0.stageName == text }) {
            let ports = Set(matches.map(\.name)).sorted()
            if ports.count == 1 { return first }
            throw CommandError.severalPorts(stage: text, ports: ports)
        }
        if matches.allSatisfy({ $0.name == text }) { return first }
        throw CommandError.ambiguousReference(text, matches: digests.sorted().map(\.short))
    }

    /// Names that share most with `text`, so that a typing error costs one look.
    private func nearest(to text: String) throws -> [String] {
        let names = Set(try store.artifacts().flatMap { [$0.name, $0.stageName] })
        let ranked = names.map { (name: $0, distance: EditDistance.between(text, $0)) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
        return ranked.prefix(3).map(\.name)
    }
}

/// The number of characters to insert, delete or replace to make one word from another.
enum EditDistance {
    static func between(_ first: String, _ second: String) -> Int {
        let target = Array(second)
        var row = Array(0...target.count)
        for (line, character) in first.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in target.enumerated() {
                let replaced = diagonal + (character == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
