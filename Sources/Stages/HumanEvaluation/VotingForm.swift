package import Foundation

/// What a rater wrote about a ballot.
package struct CastVote: Equatable, Sendable {
    package let ballot: String
    /// Nil where the field is empty.
    package let choice: Choice?
    /// Where it stands, for messages: `votes[0] (12ab…):3`.
    package let place: String

    package enum Choice: Equatable, Sendable {
        /// Answer 1, 2, or neither.
        case upper, lower, tie

        /// How a form may say it, in small letters.
        static let words: [String: Choice] = [
            "1": .upper, "2": .lower, "tie": .tie, "0": .tie, "=": .tie, "draw": .tie, "same": .tie,
        ]
    }
}

/// Reads the forms that raters filled in: CSV with the columns `ballot` and `vote`; others are left aside.
package enum VotingForm {
    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError` with file and line.
    package static func read(_ file: URL, name: String) throws -> [CastVote] {
        let table = try SeparatedValues(try CompressedText.read(file, name: name), name: name)
        let header = table.header.map(trimmed)
        guard let ballot = header.firstIndex(of: "ballot"), let vote = header.firstIndex(of: "vote") else {
            throw StageError.malformedLine(
                file: name, line: 1, problem: "must name the columns 'ballot' and 'vote'; is this a rater's form?")
        }
        return try table.rows.map { row in
            let word = trimmed(row.fields[vote])
            guard word.isEmpty || CastVote.Choice.words[word] != nil else {
                throw StageError.malformedLine(
                    file: name, line: row.line,
                    problem: "the vote is '\(word.prefix(40))'; write 1, 2 or tie, or nothing")
            }
            return CastVote(
                ballot: trimmed(row.fields[ballot]), choice: CastVote.Choice.words[word], place: "\(name):\(row.line)"
            )
        }
    }

    private static func trimmed(_ field: String) -> String {
        field.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    }
}
