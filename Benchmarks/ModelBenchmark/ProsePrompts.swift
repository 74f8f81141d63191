import Foundation
import Model

/// Prompts cut from prose. A model is as sure of what follows as in use, where after random tokens it is of nothing:
/// that costs samplers which sort.
struct ProsePrompts {
    private let prose: [Int32]
    private var position = 0
    private var generator = Philox(key: 3)

    private struct Example: Decodable {
        var instruction: String
        var response: String
    }

    /// - Parameter settings: `text`, a file of lines with `instruction` and `response`.
    init(_ tokenizer: Tokenizer, _ settings: Settings) throws {
        let lines = try Data(contentsOf: URL(filePath: settings.text("text"))).split(separator: UInt8(ascii: "\n"))
        let examples = try lines.map { try JSONDecoder().decode(Example.self, from: $0) }
        prose = tokenizer.encode(examples.map { "\($0.instruction)\n\($0.response)\n\n" }.joined())
    }

    /// `responses` prompts of a judge: `rubric` tokens in front of all, then 60 to 200 of each one's own.
    mutating func judging(_ settings: Settings) -> [[Int32]] {
        let rubric = next(settings.number("rubric", 350))
        return (0..<settings.number("responses", 400)).map { _ in rubric + next(60 + generator.below(141)) }
    }

    /// `prompts` prompts of 30 to 120 tokens.
    mutating func sampling(_ settings: Settings) -> [[Int32]] {
        (0..<settings.number("prompts", 100)).map { _ in next(30 + generator.below(91)) }
    }

    /// `texts` of `length` tokens.
    mutating func texts(_ settings: Settings) -> [[Int32]] {
        (0..<settings.number("texts", 16)).map { _ in next(settings.number("length", 256)) }
    }

    static func write(_ tokenizer: Tokenizer, _ settings: Settings) throws {
        var prose = try ProsePrompts(tokenizer, settings)
        let prompts = settings.text("for") == "judge" ? prose.judging(settings) : prose.sampling(settings)
        for prompt in prompts { print(prompt.map(String.init).joined(separator: " ")) }
    }

    /// The next `count` tokens; behind the last come the first.
    private mutating func next(_ count: Int) -> [Int32] {
        defer { position += count }
        return (position..<(position + count)).map { prose[$0 % prose.count] }
    }
}
