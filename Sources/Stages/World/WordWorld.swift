package import Model

/// Draws tasks and answers of a world of words, from random numbers alone.
package struct WordWorld: Sendable {
    /// From `a` on.
    package let letters: [String]
    package let sizes: ClosedRange<Int>

    /// Four letters of a task differ from one another, and an answer's first, last and wanted letter need a place each.
    package static let fewestLetters = 5
    package static let shortest = 3

    /// - Precondition: 5 to 26 letters; sizes from 3 on.
    package init(letters: Int, sizes: ClosedRange<Int>) {
        precondition((Self.fewestLetters...26).contains(letters), "WordWorld: \(letters) letters")
        precondition(sizes.lowerBound >= Self.shortest, "WordWorld: words of \(sizes.lowerBound) letters")
        self.letters = (0..<letters).map { String(UnicodeScalar(UInt8(ascii: "a") + UInt8($0))) }
        self.sizes = sizes
    }

    /// How many different tasks there are.
    package var taskCount: Int {
        (0..<4).reduce(sizes.count) { $0 * (letters.count - $1) }
    }

    package func task(_ generator: inout Philox) -> WordTask {
        let drawn = generator.shuffled(letters)
        return WordTask(
            first: drawn[0], last: drawn[1], wanted: drawn[2], unwanted: drawn[3],
            size: sizes.lowerBound + generator.below(sizes.count))
    }

    /// An answer that meets all five wishes; its other letters are drawn.
    package func rightAnswer(to task: WordTask, _ generator: inout Philox) -> String {
        let allowed = letters.filter { $0 != task.unwanted }
        var word = (0..<task.size).map { _ in allowed[generator.below(allowed.count)] }
        word[1 + generator.below(task.size - 2)] = task.wanted
        (word[0], word[task.size - 1]) = (task.first, task.last)
        return word.joined(separator: " ")
    }

    /// A right answer with so many slips: a letter replaced, left out or put in.
    package func answer(to task: WordTask, slips: Int, _ generator: inout Philox) -> String {
        var word = rightAnswer(to: task, &generator).split(separator: " ").map(String.init)
        for _ in 0..<slips {
            let letter = generator.below(2) == 0 ? task.unwanted : letters[generator.below(letters.count)]
            switch generator.below(4) {
            case 0 where word.count > 1: word.remove(at: generator.below(word.count))
            case 1: word.insert(letter, at: generator.below(word.count + 1))
            default: word[generator.below(word.count)] = letter
            }
        }
        return word.joined(separator: " ")
    }
}
