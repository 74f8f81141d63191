internal import Artifacts
package import Foundation
internal import Pipeline

/// A question of MT-Bench (Zheng et al., 2023): one or two turns of a user, as FastChat's `question.jsonl` holds them.
package struct MTBenchQuestion: Equatable, Sendable {
    package let id: Int
    package let category: String
    package let turns: [String]

    package init(id: Int, category: String, turns: [String]) {
        self.id = id
        self.category = category
        self.turns = turns
    }

    /// MT-Bench's eight. Others are answered and judged as well, and belong to neither of the paper's two groups.
    package static let categories = [
        "writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities",
    ]

    /// The most turns that a question may have: there are rubrics for no more.
    static let mostTurns = 2
    /// In characters: a category is part of the names of measurements.
    private static let longestCategory = 64

    /// Reads files of JSON lines `{question_id, category, turns}`; further members are left aside.
    /// - Throws: `StageError` with file and line for a row that is none, a number that was there before, and for files
    ///   without any question.
    package static func read(_ files: [(url: URL, name: String)]) throws -> [MTBenchQuestion] {
        var places: [Int: String] = [:]
        var questions: [MTBenchQuestion] = []
        for file in files {
            for line in try JSONLineReader.read(file.url, name: file.name) {
                let row = RowReader(value: line.value, file: file.name, line: line.number)
                let question = try MTBenchQuestion(row)
                if let first = places.updateValue("\(file.name):\(line.number)", forKey: question.id) {
                    throw row.failure("question \(question.id) was already read at \(first); remove one of the two")
                }
                questions.append(question)
            }
        }
        guard let last = files.last else { return [] }
        guard !questions.isEmpty else {
            throw StageError.unreadable(
                file: last.name, problem: "holds no questions; give JSON lines of {question_id, category, turns}")
        }
        return questions
    }

    private init(_ row: RowReader) throws {
        let (id, turns) = (try row.questionID(), try row.texts("turns"))
        guard (1...Self.mostTurns).contains(turns.count) else {
            throw row.failure("'turns' has \(turns.count) texts; a question has one or two turns")
        }
        if let empty = turns.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw row.failure("turn \(empty + 1) of question \(id) is empty")
        }
        let category = try row.string("category")
        let isPlain = category.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isPlain, !category.allSatisfy(\.isWhitespace), category.count <= Self.longestCategory else {
            throw row.failure("'category' must be a short name, such as '\(Self.categories[0])'")
        }
        self.init(id: id, category: category, turns: turns)
    }
}

extension RowReader {
    /// The number by which files of MT-Bench name a question.
    func questionID() throws -> Int {
        guard let id = try optionalInteger("question_id") else { throw failure("'question_id' is missing") }
        return id
    }

    /// A list of texts.
    func texts(_ key: String) throws -> [String] {
        guard value[key] != nil else { throw failure("'\(key)' is missing") }
        return try array(key).map { element in
            guard let text = element.stringValue else {
                throw failure("'\(key)' must hold texts, not \(element.typeName)")
            }
            return text
        }
    }
}

extension StageInputs {
    /// The questions in the files connected to `port`.
    func questions(_ port: String) throws -> [MTBenchQuestion] { try MTBenchQuestion.read(namedBlobs(port)) }
}
