package import Model

/// A task shown to the model as an example of what to write.
package struct Demonstration: Equatable, Sendable {
    /// The id of the seed example or the earlier generated prompt.
    package let id: String
    package let text: String

    package init(id: String, text: String) {
        self.id = id
        self.text = text
    }
}

/// The few-shot prompt of Self-Instruct for tasks that are not classification (Wang et al., 2023).
///
/// A numbered list that the model continues: an opening line, the demonstrations as `k. text`, and the next number.
/// It is plain text for a language model, not a chat turn: a chat model asked in its template copies the examples.
package struct TaskPrompt: Equatable, Sendable {
    /// The opening line of Self-Instruct's template.
    package static let opening = "Come up with a series of tasks:"

    package let text: String
    /// In the order shown.
    package let demonstrations: [Demonstration]

    package init(opening: String = TaskPrompt.opening, demonstrations: [Demonstration]) {
        var text = opening + "\n"
        for (index, demonstration) in demonstrations.enumerated() {
            text += "\(index + 1). \(Self.line(demonstration.text))\n"
        }
        self.text = text + "\(demonstrations.count + 1)."
        self.demonstrations = demonstrations
    }

    /// A demonstration on one line: white space collapsed, trailing colons gone.
    package static func line(_ text: String) -> String {
        var line = text.collapsingWhitespace()
        while line.hasSuffix(":") { line.removeLast() }
        return line
    }

    /// Draws demonstrations: up to `generated` from the model's own tasks, fewer while these are few, the rest of
    /// `total` from the seeds; then all in random order (paper §3.1.3: six and two).
    package static func draw(
        seeds: [Demonstration], own: [Demonstration], total: Int, generated: Int, generator: inout Philox
    ) -> [Demonstration] {
        let chosen = generator.sample(generated, of: own)
        return generator.shuffled(chosen + generator.sample(total - chosen.count, of: seeds))
    }
}

extension String {
    /// Every run of white space as one space, none at the ends.
    package func collapsingWhitespace() -> String {
        split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
