/// The sampling temperature by category, as FastChat has it: creative questions are sampled, others are not.
package struct CategoryTemperatures: Codable, Equatable, Sendable {
    package var writing = 0.7
    package var roleplay = 0.7
    package var stem = 0.1
    package var humanities = 0.1
    package var extraction = 0.0
    package var math = 0.0
    package var coding = 0.0
    package var reasoning = 0.0
    /// Of every category that is none of MT-Bench's eight.
    package var other = 0.7

    package init() {}

    /// Of a category by its name in the question file.
    package func of(_ category: String) -> Double {
        switch category {
        case "writing": writing
        case "roleplay": roleplay
        case "stem": stem
        case "humanities": humanities
        case "extraction": extraction
        case "math": math
        case "coding": coding
        case "reasoning": reasoning
        default: other
        }
    }

    var all: [Double] { MTBenchQuestion.categories.map(of) + [other] }
}
