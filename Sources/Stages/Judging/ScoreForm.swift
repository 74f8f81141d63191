internal import Foundation

/// How the replies to a rubric state their score. The rubric's file says it, so that wording, scale and reading cannot part.
package struct ScoreForm: Equatable, Sendable {
    /// The word before the colon.
    package var label = "Score"
    /// The whole numbers that the rubric gives; verdicts may lie between them. Digits each, since the expectation is
    /// taken over the tokens of single digits.
    package var scale = 0...5
    /// How many lines with words may follow the line of the score: see `VerdictParser`.
    package var trailingLines = 1

    /// Of the additive rubric (paper Figure 2: 0 to 5 points), and of every file that says nothing else.
    package static let additive = ScoreForm()

    package init() {}

    /// Its lowest and highest score.
    package var range: ClosedRange<Double> { Double(scale.lowerBound)...Double(scale.upperBound) }

    /// The highest score in words, for replies such as `4 out of five`.
    var limitInWords: String {
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][scale.upperBound]
    }
}

extension ScoreForm {
    /// Reads the lines between the two `---` that a template may begin with: `scale: 1 to 5`, `label: Rating`,
    /// `trailing_lines: 0`, each at most once.
    init(header: some Sequence<Substring>, name: String) throws {
        self.init()
        var seen: Set<Substring> = []
        for line in header where !line.allSatisfy(\.isWhitespace) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]).collapsingWhitespace() : ""
            func refuse(_ problem: String) -> StageError {
                .malformedTemplate(name: name, problem: "its head, '\(line)': \(problem)")
            }
            guard seen.insert(parts[0]).inserted else { throw refuse("is there twice") }
            switch parts[0] {
            case "scale":
                guard let scale = Self.scale(value) else {
                    throw refuse("must be two whole numbers from 0 to 9 in rising order, as in '1 to 5'")
                }
                self.scale = scale
            case "label":
                guard !value.isEmpty, value.utf8.allSatisfy({ Self.letters.contains($0 | 0x20) }) else {
                    throw refuse("must be one word of the letters a to z")
                }
                label = value
            case "trailing_lines":
                guard let lines = Int(value), (0...ParameterLimit.count).contains(lines) else {
                    throw refuse("must be a number from 0 on")
                }
                trailingLines = lines
            default:
                throw refuse("there are 'scale', 'label' and 'trailing_lines'")
            }
        }
    }

    private static let letters = UInt8(ascii: "a")...UInt8(ascii: "z")

    private static func scale(_ text: String) -> ClosedRange<Int>? {
        let ends = text.components(separatedBy: " to ").map { Int($0) }
        guard ends.count == 2, let lower = ends[0], let upper = ends[1], (0...9).contains(lower),
            (0...9).contains(upper),
            lower < upper
        else { return nil }
        return lower...upper
    }
}
