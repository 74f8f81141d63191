/// Decides from a task's own text whether it can be a prompt: Self-Instruct's filters in their order (Wang et al., 2023),
/// before the comparison with other tasks.
package struct TaskFilter: Sendable {
    package enum Reason: String, CaseIterable {
        case kept
        /// The reply was cut off at the token limit.
        case replyCutOff = "reply-cut-off"
        case empty
        case tooShort = "too-short"
        case tooLong = "too-long"
        /// It needs something a text model has not: a picture, a file, a plot.
        case keyword
        case program
        case punctuation
        case notASCII = "not-ascii"
        /// The very text of a seed or of an earlier task.
        case duplicate
        case similar
        /// Good, but there were enough.
        case surplus
    }

    /// Self-Instruct lower-cases everything but the first letter, which spoils names. With this on, only the first letter
    /// is touched.
    package var keepsCase = true
    /// Self-Instruct drops tasks that do not begin with an ASCII character, and with them most languages.
    package var requiresASCIIStart = true

    /// At least, and at most, so many words.
    package static let wordCounts = 4...150
    package static let keywords: Set<String> = [
        "image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps", "draw", "plot",
    ]

    package init() {}

    /// A piece of a reply as the task it would be: on one line, with a capital first.
    package func normalized(_ piece: String) -> String {
        let line = piece.collapsingWhitespace()
        guard let first = line.first else { return line }
        let rest = line.dropFirst()
        return first.uppercased() + (keepsCase ? String(rest) : rest.lowercased())
    }

    /// Why a normalised task is dropped, with what was seen; nil if it is kept.
    package func objection(to task: String) -> (reason: Reason, detail: String)? {
        guard let first = task.unicodeScalars.first else { return (.empty, "") }
        let count = task.split(whereSeparator: \.isWhitespace).count
        if count < Self.wordCounts.lowerBound { return (.tooShort, "\(count) words") }
        if count > Self.wordCounts.upperBound { return (.tooLong, "\(count) words") }
        if let keyword = keyword(in: task) { return (.keyword, keyword) }
        // Self-Instruct compares after lower-casing, so case does not count here either.
        if task.lowercased().hasPrefix("write a program") { return (.program, "") }
        if isPunctuation(first) { return (.punctuation, String(first)) }
        if requiresASCIIStart && !first.isASCII { return (.notASCII, String(first)) }
        return nil
    }

    /// The first forbidden word in the task, whole and whatever its case.
    private func keyword(in task: String) -> String? {
        let text = task.lowercased()
        let isWord = { (character: Character) in character.isLetter || character.isNumber || character == "_" }
        for word in text.split(whereSeparator: { !isWord($0) }) where Self.keywords.contains(String(word)) {
            return String(word)
        }
        for place in text.ranges(of: "go to") {
            let before = place.lowerBound == text.startIndex ? nil : text[text.index(before: place.lowerBound)]
            let after = place.upperBound == text.endIndex ? nil : text[place.upperBound]
            if !(before.map(isWord) ?? false) && !(after.map(isWord) ?? false) { return "go to" }
        }
        return nil
    }

    private func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
        default: false
        }
    }
}
