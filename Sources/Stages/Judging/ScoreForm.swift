internal import Foundation

/// How the replies to a rubric state their score. The rubric's file says it, so that wording, scale and reading cannot part.
package struct ScoreForm: Equatable, Sendable {
    /// The word before the colon.
    package var label = "Score"
    /// The whole numbers that the rubric gives; verdicts may lie between them. At most 10, MT-Bench's best.
    package var scale = 0...5
    /// How many lines with words may follow the line of the score: see `VerdictParser`.
    package var trailingLines = 1

    /// Of the additive rubric (paper Figure 2: 0 to 5 points), and of every file that says nothing else.
    package static let additive = ScoreForm()

    package init() {}

    /// Its lowest and highest score.
    package var range: ClosedRange<Double> { Double(scale.lowerBound)...Double(scale.upperBound) }

    /// Whether one score is the beginning of another, as 1 is of 10: only their ends tell such replies apart.
    var hasScoresThatBeginAlike: Bool { scale.upperBound > 9 }

    /// The highest score in words, for replies such as `4 out of five`.
    var limitInWords: String {
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"][scale.upperBound]
    }
}

extension ScoreForm {
    /// Reads the head of a template: `scale: 1 to 5`, `label: Rating`, `trailing_lines: 0`.
    init(head: [TemplateFile.Setting]) throws {
        self.init()
        for setting in head {
            switch setting.name {
            case "scale":
                guard let scale = Self.scale(setting.value) else {
                    throw setting.refusal("must be two whole numbers from 0 to 10 in rising order, as in '1 to 5'")
                }
                self.scale = scale
            case "label": label = try setting.word()
            case "trailing_lines": trailingLines = try setting.lineCount()
            default: throw setting.refusal("there are 'scale', 'label' and 'trailing_lines'")
            }
        }
    }

    static let largest = 10

    private static func scale(_ text: String) -> ClosedRange<Int>? {
        let ends = text.components(separatedBy: " to ").map { Int($0) }
        guard ends.count == 2, let lower = ends[0], let upper = ends[1], (0...largest).contains(lower),
            (0...largest).contains(upper), lower < upper
        else { return nil }
        return lower...upper
    }
}
