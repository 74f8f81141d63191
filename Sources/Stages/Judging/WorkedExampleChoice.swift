internal import Model

/// Chooses the hand-judged examples that a judge is shown before its task.
enum WorkedExampleChoice {
    /// `count` examples whose scores spread evenly over those there are, in random order: a judge shown good responses
    /// only would find every response good. All tasks of a stage are shown the same ones, so that the model reads them
    /// once.
    static func choose(_ count: Int, from examples: [JudgeExample], generator: inout Philox) -> [WorkedExample] {
        let scores = Set(examples.map(\.score)).sorted()
        guard count > 0, !scores.isEmpty else { return [] }
        var chosen: [JudgeExample] = []
        for place in 0..<count {
            // Places 0 … count − 1 stretched over the scores, both ends included.
            let position =
                count == 1 ? scores.count / 2 : (place * (scores.count - 1) + (count - 1) / 2) / (count - 1)
            let free = examples.filter { example in
                example.score == scores[position] && !chosen.contains { $0.id == example.id }
            }
            if !free.isEmpty { chosen.append(free[generator.below(free.count)]) }
        }
        return generator.shuffled(chosen).map { WorkedExample(input: $0.input, reply: $0.target) }
    }
}
