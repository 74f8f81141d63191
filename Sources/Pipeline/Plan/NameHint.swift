/// What a name that does not exist may have meant.
public enum NameHint: Equatable, Sendable {
    /// The nearest name that exists.
    case didYouMean(String)
    /// No name is near; these exist, in alphabetical order.
    case known([String])

    /// How many names a message lists at most.
    private static let listed = 12

    /// The name among `names` nearest to `word`, if one is near enough to be a slip of the keyboard; else all of them.
    package init(for word: String, among names: some Sequence<String>) {
        let names = Set(names).sorted()
        // Longer words are no slips of the keyboard, and comparing them costs their length squared.
        let word = String(word.prefix(64))
        let bound = max(1, word.count / 3)
        let nearest = names.map { (name: $0, distance: editDistance(word, $0)) }.min { $0.distance < $1.distance }
        if let nearest, nearest.distance <= bound {
            self = .didYouMean(nearest.name)
        } else {
            self = .known(names)
        }
    }

    var text: String {
        switch self {
        case .didYouMean(let name): "did you mean '\(name)'?"
        case .known(let names) where names.isEmpty: "there are none here"
        case .known(let names):
            "known: " + names.prefix(Self.listed).map { "'\($0)'" }.joined(separator: ", ")
                + (names.count > Self.listed ? " and \(names.count - Self.listed) more" : "")
        }
    }
}

/// How many letters must be inserted, deleted, replaced or swapped with their neighbour to turn `a` into `b`
/// (optimal string alignment).
package func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a), b = Array(b)
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var distance = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { distance = min(distance, rows[i - 1][j - 1] + 1) }
            row.append(distance)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
