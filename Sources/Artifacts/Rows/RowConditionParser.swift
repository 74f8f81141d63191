/// Reads `RowCondition`s: `or` binds less than `and`, `and` less than `not`.
struct RowConditionParser {
    private static let maximumDepth = 64

    private let text: String
    private var tokens: ArraySlice<RowConditionToken>
    private var depth = 0

    init(_ text: String) throws {
        self.text = text
        var lexer = RowConditionLexer(text)
        tokens = try lexer.tokens()[...]
    }

    mutating func parse() throws -> RowCondition {
        let condition = try parseOr()
        guard tokens.isEmpty else { throw wanted("'and', 'or' or the end") }
        return condition
    }

    private mutating func parseOr() throws -> RowCondition {
        var condition = try parseAnd()
        while take(.word("or")) { condition = .or(condition, try parseAnd()) }
        return condition
    }

    private mutating func parseAnd() throws -> RowCondition {
        var condition = try parseNot()
        while take(.word("and")) { condition = .and(condition, try parseNot()) }
        return condition
    }

    private mutating func parseNot() throws -> RowCondition {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw error(.tooDeep(limit: Self.maximumDepth)) }
        if take(.word("not")) { return .not(try parseNot()) }
        if take(.symbol("(")) {
            let condition = try parseOr()
            guard take(.symbol(")")) else { throw wanted("')'") }
            return condition
        }
        return try parseComparison()
    }

    private mutating func parseComparison() throws -> RowCondition {
        let left = try parseOperand("a field")
        guard case .symbol(let symbol)? = tokens.first?.kind, let relation = RowCondition.Relation(rawValue: symbol)
        else { throw wanted("one of == != < <= > >= ~") }
        tokens.removeFirst()
        return .comparison(left, relation, try parseOperand("a value"))
    }

    private mutating func parseOperand(_ what: String) throws -> RowCondition.Operand {
        switch tokens.first?.kind {
        case .value(let value)?:
            tokens.removeFirst()
            return .value(value)
        case .word(let word)? where !["and", "or", "not"].contains(word):
            tokens.removeFirst()
            switch word {
            case "true": return .value(true)
            case "false": return .value(false)
            case "null": return .value(nil)
            default: return .path(RowPath(word))
            }
        default: throw wanted(what)
        }
    }

    private mutating func take(_ kind: RowConditionToken.Kind) -> Bool {
        guard tokens.first?.kind == kind else { return false }
        tokens.removeFirst()
        return true
    }

    private func wanted(_ what: String) -> ArtifactError { error(.wanted(what, found: tokens.first?.text)) }

    private func error(_ problem: ConditionProblem) -> ArtifactError {
        .malformedCondition(text, column: tokens.first?.column ?? text.count, problem: problem)
    }
}

struct RowConditionToken: Equatable {
    enum Kind: Equatable {
        /// A path, or a word of the language.
        case word(String)
        case symbol(String)
        case value(JSONValue)
    }

    var kind: Kind
    /// As it was written.
    var text: String
    /// Counted in characters from 0.
    var column: Int
}

/// Cuts the text of a condition into tokens.
struct RowConditionLexer {
    private let text: String
    private let characters: [Character]
    private var position = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func tokens() throws -> [RowConditionToken] {
        var tokens: [RowConditionToken] = []
        while position < characters.count {
            if characters[position].isWhitespace { position += 1; continue }
            let start = position
            let kind = try kind()
            tokens.append(
                RowConditionToken(kind: kind, text: String(characters[start..<position]), column: start))
        }
        return tokens
    }

    private mutating func kind() throws -> RowConditionToken.Kind {
        let start = position
        let character = characters[position]
        if character == "\"" || character == "'" { return .value(.string(try quoted(by: character))) }
        if character.isLetter || character == "_" {
            return .word(word { $0.isLetter || $0.isNumber || "_-./".contains($0) })
        }
        if character.isNumber || character == "-" {
            let number = word { $0.isLetter || $0.isNumber || "+-.".contains($0) }
            guard let value = try? CanonicalJSON.parse(Array(number.utf8)), value.doubleValue != nil else {
                throw ArtifactError.malformedCondition(text, column: start, problem: .malformedNumber(number))
            }
            return .value(value)
        }
        let symbols = RowCondition.Relation.allCases.map(\.rawValue).sorted { $0.count > $1.count } + ["(", ")"]
        for symbol in symbols where characters[position...].starts(with: Array(symbol)) {
            position += symbol.count
            return .symbol(symbol)
        }
        throw ArtifactError.malformedCondition(text, column: start, problem: .unexpectedCharacter(character))
    }

    private mutating func word(of isPart: (Character) -> Bool) -> String {
        let start = position
        while position < characters.count, isPart(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    /// A text between quotes, in which a backslash takes the next character as it is.
    private mutating func quoted(by quote: Character) throws -> String {
        let start = position
        var value = ""
        position += 1
        while position < characters.count {
            var character = characters[position]
            position += 1
            if character == quote { return value }
            if character == "\\", position < characters.count {
                character = characters[position]
                position += 1
            }
            value.append(character)
        }
        throw ArtifactError.malformedCondition(text, column: start, problem: .unclosedText)
    }
}
