import Foundation
import Model

/// Makes up instructions whose words are as frequent, and whose lengths as spread, as those of generated ones: 20,000
/// words by Zipf's law, lengths with a log-normal spread around 18 words, a third after a few patterns.
struct InstructionWriter {
    private static let words = (0..<20_000).map { "w\($0)" }
    private static let patterns = [
        "Describe how _ and _ changed the way people think about _", "Which of _ or _ would you choose for _ and why",
        "Write a letter to _ that thanks them for _", "Put the following _ in order of _ from most to least _",
        "Give three reasons why _ should not be used for _", "Summarise the story of _ in one sentence about _",
    ]

    private var generator: Philox
    /// The summed weights of the words up to each.
    private let cumulative: [Double]

    init(seed: UInt64) {
        generator = Philox(key: seed)
        var sum = 0.0
        cumulative = Self.words.indices.map { rank in
            sum += pow(Double(rank) + 2.7, -1.05)
            return sum
        }
    }

    mutating func instruction() -> String {
        if generator.uniform() < 0.35 {
            let pattern = Self.patterns[generator.below(Self.patterns.count)]
            return pattern.split(separator: " ").map { word in
                word == "_" ? text(of: max(1, Int(3 + 1.5 * normal()))) : String(word)
            }.joined(separator: " ")
        }
        return text(of: min(80, max(5, Int(exp(2.9 + 0.45 * normal())))))
    }

    /// A new instruction, or in one case of seven a text of the pool with every eighth word changed.
    mutating func candidate(among pool: [String]) -> String {
        guard generator.uniform() < 0.15 else { return instruction() }
        var words = pool[generator.below(min(pool.count, 5000))].split(separator: " ").map(String.init)
        for _ in 0..<max(1, words.count / 8) {
            words[generator.below(words.count)] = Self.words[generator.below(Self.words.count)]
        }
        return words.joined(separator: " ")
    }

    private mutating func text(of count: Int) -> String {
        (0..<count).map { _ in word() }.joined(separator: " ")
    }

    private mutating func word() -> String {
        let place = generator.uniform() * cumulative[cumulative.count - 1]
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] <= place { low = middle + 1 } else { high = middle }
        }
        return Self.words[low]
    }

    /// A number of the standard normal distribution, by Box and Muller.
    private mutating func normal() -> Double {
        (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * .pi * generator.uniform())
    }
}
