internal import Foundation
package import Model

/// How much the texts of a group differ among themselves.
package struct TextDiversity {
    private let texts: [String]
    /// Lower-cased, without punctuation, in any script.
    private let words: [[String]]
    private let bootstrap: Bootstrap
    private let mostPairs: Int
    private let generator: (_ measurement: String) -> Philox

    /// - Parameters:
    ///   - mostPairs: how many pairs of texts are compared, drawn by lot of all there are.
    ///   - generator: the random numbers of a measurement.
    package init(
        _ texts: [String], mostPairs: Int, bootstrap: Bootstrap,
        generator: @escaping (_ measurement: String) -> Philox
    ) {
        self.texts = texts
        words = texts.map { $0.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init) }
        self.mostPairs = mostPairs
        self.bootstrap = bootstrap
        self.generator = generator
    }

    /// - Parameter group: goes before the names, with a dot.
    package func measurements(of group: String) -> [Measurement] {
        (1...3).map { distinct($0, group) } + [
            resemblance("\(group).rouge_l"),
            average("\(group).mean_words", words.map { Double($0.count) }, within: nil, "words of a text"),
            average(
                "\(group).duplicates", repetitions, within: 0...1,
                "share of texts that an earlier one of the group equals, but for case and white space"),
        ]
    }

    /// Distinct-n (Li et al., 2016).
    private func distinct(_ length: Int, _ group: String) -> Measurement {
        var found: Set<ArraySlice<String>> = []
        var count = 0
        for words in words where words.count >= length {
            for start in 0...(words.count - length) {
                found.insert(words[start..<(start + length)])
                count += 1
            }
        }
        return Measurement(
            name: "\(group).distinct_\(length)", value: count == 0 ? nil : Double(found.count) / Double(count),
            count: count,
            note:
                "distinct runs of \(length) words of all such runs; falls with the amount of text, so compare groups of "
                + "like size")
    }

    /// Whether each text repeats an earlier one, as 1 or 0.
    private var repetitions: [Double] {
        var seen: Set<String> = []
        return texts.map { seen.insert($0.promptKey).inserted ? 0 : 1 }
    }

    private func average(
        _ name: String, _ values: [Double], within bounds: ClosedRange<Double>?, _ note: String
    ) -> Measurement {
        let samples = values.map { RatioSample($0, of: 1) }
        var generator = generator(name)
        return Measurement(
            name: name, value: RatioSample.ratio(samples), count: values.count,
            interval: bootstrap.interval(samples, within: bounds, generator: &generator), note: note)
    }

    // MARK: Pairs

    /// The mean ROUGE-L F1 of two different texts of the group.
    private func resemblance(_ name: String) -> Measurement {
        var vocabulary = WordNumbers()
        let tokens = words.map { RougeTokens(words: $0.map { vocabulary.number(of: $0) }) }
        var generator = generator(name)
        let pairs = Self.pairs(of: texts.count, atMost: mostPairs, generator: &generator)
        let scores = pairs.map { RougeL.f1(tokens[$0.first], tokens[$0.second]) }
        let sum = scores.reduce(0, +)
        return Measurement(
            name: name, value: pairs.isEmpty ? nil : sum / Double(pairs.count), count: pairs.count,
            interval: Self.jackknife(pairs, scores, texts: texts.count),
            note:
                "mean ROUGE-L F1 of two texts, over \(pairs.count) of \(Self.pairCount(texts.count)) pairs; the interval is "
                + "the jackknife's over texts")
    }

    private static func pairCount(_ texts: Int) -> Int { texts * max(texts - 1, 0) / 2 }

    typealias Pair = (first: Int, second: Int)

    /// All pairs of `texts`, or so many different ones by lot.
    private static func pairs(of texts: Int, atMost limit: Int, generator: inout Philox) -> [Pair] {
        if pairCount(texts) <= limit {
            return (0..<texts).flatMap { first in ((first + 1)..<max(texts, first + 1)).map { (first, $0) } }
        }
        var seen: Set<Int> = []
        var pairs: [Pair] = []
        while pairs.count < limit {
            let one = generator.below(texts), other = generator.below(texts)
            let pair = (first: min(one, other), second: max(one, other))
            if one != other, seen.insert(pair.first * texts + pair.second).inserted { pairs.append(pair) }
        }
        return pairs
    }

    /// The 95 % interval of a mean over pairs: pairs that share a text are not independent, so texts are left out in turn
    /// (Efron and Stein, 1981). Nil for fewer than three texts, or where all pairs have one in common.
    private static func jackknife(_ pairs: [Pair], _ scores: [Double], texts: Int) -> Interval? {
        guard texts >= 3 else { return nil }
        var sums = [Double](repeating: 0, count: texts), counts = [Int](repeating: 0, count: texts)
        for (pair, score) in zip(pairs, scores) {
            for text in [pair.first, pair.second] {
                sums[text] += score
                counts[text] += 1
            }
        }
        guard counts.allSatisfy({ $0 < pairs.count }) else { return nil }
        let sum = scores.reduce(0, +)
        let without = zip(sums, counts).map { (sum - $0) / Double(pairs.count - $1) }
        let centre = without.reduce(0, +) / Double(texts)
        let variance = without.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } * Double(texts - 1) / Double(texts)
        let value = sum / Double(pairs.count), reach = 1.959_963_984_540_054 * variance.squareRoot()
        return Interval(lower: max(0, value - reach), upper: min(1, value + reach))
    }
}

/// Equal words have equal numbers.
private struct WordNumbers {
    private var numbers: [String: Int32] = [:]

    mutating func number(of word: String) -> Int32 {
        if let known = numbers[word] { return known }
        let number = Int32(numbers.count)
        numbers[word] = number
        return number
    }
}
