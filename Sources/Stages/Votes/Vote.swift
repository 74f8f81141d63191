internal import Artifacts
package import Foundation

/// What one judge, a person or a model, says of two models' answers to one turn of a question.
package struct Vote: Equatable, Sendable {
    package enum Winner: Equatable, Sendable {
        case first, second, tie

        var reversed: Winner {
            switch self {
            case .first: .second
            case .second: .first
            case .tie: .tie
            }
        }
    }

    /// What was compared, in whichever order it was shown.
    package struct Subject: Hashable, Sendable {
        package let question: String
        /// From 1.
        package let turn: Int
        /// The two models, by the order of their names.
        package let first: String
        package let second: String
    }

    package let subject: Subject
    /// Who says it: `human`, `author`, `gpt4_pair`. People of one kind are told apart by nothing here.
    package let judge: String
    package let winner: Winner

    /// - Parameter winner: of `models.0` and `models.1`, in this order.
    package init(
        question: String, turn: Int, judge: String, models: (String, String), winner: Winner
    ) {
        let isInOrder = models.0 < models.1
        subject = Subject(
            question: question, turn: turn, first: isInOrder ? models.0 : models.1,
            second: isInOrder ? models.1 : models.0)
        self.judge = judge
        self.winner = isInOrder ? winner : winner.reversed
    }
}

/// Reads votes as FastChat and the MT-Bench paper keep them: one a line, `{question_id, turn, model_a, model_b, winner,
/// judge}`, or the two games of a judge, `{question_id, turn, model_1, model_2, g1_winner, g2_winner, judge}`.
package struct VoteFile: Equatable, Sendable {
    package private(set) var votes: [Vote] = []
    /// Pairs of games of which one came to nothing; they are no votes.
    package private(set) var errors = 0
    /// Votes of a judge that changed its mind with the order, which are ties.
    package private(set) var inconsistent = 0

    /// Every two kinds of judges are compared.
    private static let mostKinds = 64

    /// - Throws: `StageError` with file and line for a row that is neither, and for files without any row.
    package init(_ files: [(url: URL, name: String)]) throws {
        for file in files {
            for line in try JSONLineReader.read(file.url, name: file.name) {
                try add(RowReader(value: line.value, file: file.name, line: line.number))
            }
        }
        guard let last = files.last else { return }
        if votes.isEmpty, errors == 0 {
            throw StageError.unreadable(
                file: last.name,
                problem: "holds no votes; give JSON lines with 'winner', or 'g1_winner' and 'g2_winner'")
        }
        let kinds = Set(votes.map(\.judge)).count
        guard kinds <= Self.mostKinds else {
            throw StageError.unreadable(
                file: last.name,
                problem:
                    "brings the kinds of judges to \(kinds); name people as 'expert_1', 'expert_2', to be one kind")
        }
    }

    private mutating func add(_ row: RowReader) throws {
        if row.value["g1_winner"] != nil { return try addGames(row) }
        guard row.value["winner"] != nil else {
            throw row.failure("has neither 'winner' nor 'g1_winner' and 'g2_winner'")
        }
        let text = try row.string("winner")
        let winner: Vote.Winner? =
            switch text {
            case "model_a": .first
            case "model_b": .second
            case "tie", "tie (inconsistent)", "tie (bothbad)": .tie
            default: nil
            }
        guard let winner else {
            throw row.failure(
                "'winner' is '\(text.prefix(40))'; it must be model_a, model_b, tie or tie (inconsistent)")
        }
        if text == "tie (inconsistent)" { inconsistent += 1 }
        votes.append(try row.vote("model_a", "model_b", winner))
    }

    /// A model wins if it wins both games; whatever else the two come to is a tie, and an error in either no vote.
    private mutating func addGames(_ row: RowReader) throws {
        let games = try ["g1_winner", "g2_winner"].map { key in
            let text = try row.string(key)
            guard ["model_1", "model_2", "tie", "error"].contains(text) else {
                throw row.failure("'\(key)' is '\(text.prefix(40))'; it must be model_1, model_2, tie or error")
            }
            return text
        }
        // Also of one that is left out: a file that cannot be read is not passed over.
        let isWon = games[0] == games[1] && games[0] != "tie"
        let vote = try row.vote(
            "model_1", "model_2", !isWon ? .tie : games[0] == "model_1" ? .first : .second)
        if games.contains("error") {
            errors += 1
        } else {
            if games[0] != games[1] { inconsistent += 1 }
            votes.append(vote)
        }
    }
}

extension RowReader {
    fileprivate func vote(_ firstKey: String, _ secondKey: String, _ winner: Vote.Winner) throws -> Vote {
        let models = (try name(firstKey), try name(secondKey))
        guard models.0 != models.1 else {
            throw failure("'\(firstKey)' and '\(secondKey)' are both '\(models.0)'")
        }
        let turn = try optionalInteger("turn") ?? 1
        guard turn > 0 else { throw failure("'turn' is \(turn); turns are counted from 1") }
        let question: String =
            switch value["question_id"] {
            case .integer(let number): String(number)
            case .string(let text): text
            default: throw failure("'question_id' must be a whole number or a text")
            }
        return Vote(question: question, turn: turn, judge: try judge(), models: models, winner: winner)
    }

    private func name(_ key: String) throws -> String { try plain(string(key), key) }

    private func plain(_ text: String, _ key: String) throws -> String {
        let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isPlain, !text.allSatisfy(\.isWhitespace), text.count <= 200 else {
            throw failure("'\(key)' must be a name")
        }
        return text
    }

    /// The kind of judge: people have numbers, `expert_17`, and FastChat calls experts human, to tell them from the
    /// benchmark's authors. It names a model with its prompt, `["gpt-4", "pair-v2"]`.
    private func judge() throws -> String {
        let listed = value["judge"]?.arrayValue?.first?.stringValue
        let kind =
            try listed.map { try plain($0, "judge") } ?? name("judge").replacing(#/_[0-9]+$/#, with: "")
        // A kind stands between slashes in the names of measurements.
        return kind == "expert" ? "human" : kind.replacing("/", with: "_")
    }
}
