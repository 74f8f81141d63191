import Model
import Stages
import TestSupport
import Testing

/// The definition: every text is compared in full, by the textbook table; the earliest of the most similar above the
/// floor.
private struct PlainPool {
    private var texts: [(id: String, words: [String])] = []

    mutating func insert(id: String, text: String) { texts.append((id, RougeVocabulary.words(of: text))) }

    func nearest(to text: String, above floor: Double) -> SimilarityPool.Match? {
        let words = RougeVocabulary.words(of: text)
        var best: SimilarityPool.Match?
        for other in texts where !words.isEmpty && !other.words.isEmpty {
            let common = commonSubsequence(words, other.words)
            let similarity = Double(2 * common) / Double(words.count + other.words.count)
            if similarity > best?.similarity ?? floor { best = .init(id: other.id, similarity: similarity) }
        }
        return best
    }
}

/// Both pools with the same texts.
private struct Twins {
    private var fast = SimilarityPool()
    private var plain = PlainPool()

    mutating func insert(id: String, text: String) {
        fast.insert(id: id, text: text)
        plain.insert(id: id, text: text)
    }

    /// What both find, which must be the same.
    @discardableResult
    func nearest(
        to text: String, above floor: Double, sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) -> SimilarityPool.Match? {
        let found = fast.nearest(to: text, above: floor)
        #expect(
            found == plain.nearest(to: text, above: floor), "\(text) above \(floor)", sourceLocation: sourceLocation)
        return found
    }
}

@Suite("The search for the nearest text")
struct SimilarityPoolTests {
    private func text(of length: Int, from alphabet: Int, _ generator: inout Philox) -> String {
        (0..<length).map { _ in "w\(generator.below(alphabet))" }.joined(separator: " ")
    }

    @Test("the nearest entry is the earliest of the most similar, and only above the floor")
    func nearest() {
        var pool = SimilarityPool()
        pool.insert(id: "x", text: "one two three four")
        pool.insert(id: "y", text: "one two three five")
        pool.insert(id: "z", text: "one two three five")
        #expect(pool.nearest(to: "one two three five", above: 0.7) == .init(id: "y", similarity: 1))
        #expect(pool.nearest(to: "one two three six", above: 0.7) == .init(id: "x", similarity: 0.75))
        #expect(pool.nearest(to: "one two three six", above: 0.75) == nil)
        #expect(pool.nearest(to: "日本", above: 0) == nil)
    }

    @Test(
        "random texts of few and many words: what the definition finds, at every floor",
        arguments: [1, 2, 3, 5, 12, 60, 400], [0.0, 0.3, 0.5, 2.0 / 3, 0.7, 0.75, 0.9, 1])
    func equalsDefinition(alphabet: Int, floor: Double) {
        var generator = Philox(key: UInt64(alphabet * 1000) + UInt64(floor * 100))
        var twins = Twins()
        var found = 0
        for index in 0..<120 {
            let text = text(of: generator.below(index % 10 == 0 ? 150 : 14), from: alphabet, &generator)
            if twins.nearest(to: text, above: floor) != nil { found += 1 }
            twins.insert(id: "\(index)", text: text)
        }
        if floor == 0 { #expect(found > 20) }
        if floor == 1 { #expect(found == 0) }
    }

    @Test("texts changed a little: what the definition finds, around the threshold", arguments: 0..<8)
    func changedTexts(round: Int) {
        var generator = Philox(key: UInt64(round))
        var twins = Twins()
        var (near, far) = (0, 0)
        for index in 0..<60 {
            var words = (0..<4 + generator.below(90)).map { _ in "w\(generator.below(3000))" }
            twins.insert(id: "\(index)", text: words.joined(separator: " "))
            for _ in 0..<1 + words.count / 3 {
                switch generator.below(3) {
                case 0: words[generator.below(words.count)] = "w\(generator.below(3000))"
                case 1: words.insert("new\(generator.below(50))", at: generator.below(words.count))
                default: words.swapAt(generator.below(words.count), generator.below(words.count))
                }
            }
            if twins.nearest(to: words.joined(separator: " "), above: 0.7) == nil { far += 1 } else { near += 1 }
        }
        #expect(near > 5 && far > 5)
    }

    @Test("exactly the floor is not above it, whichever way the division rounds")
    func exactlyTheFloor() {
        for total in 2...60 {
            for common in 1..<total where 2 * common < total + 1 {
                // `common` words shared by texts of `total` words in all.
                let first = (0..<max(common, total / 2)).map { "a\($0)" }
                let second = Array(first.prefix(common)) + (0..<total - first.count - common).map { "b\($0)" }
                var twins = Twins()
                twins.insert(id: "x", text: first.joined(separator: " "))
                let score = Double(2 * common) / Double(total)
                let text = second.joined(separator: " ")
                #expect(twins.nearest(to: text, above: score) == nil)
                #expect(twins.nearest(to: text, above: score.nextDown) == .init(id: "x", similarity: score))
            }
        }
    }

    @Test("edges: empty texts, one word, the same word many times, equal texts, words over 64, other scripts")
    func edges() {
        var twins = Twins()
        twins.nearest(to: "anything", above: 0)
        let texts = [
            "", "one", "One!", String(repeating: "a ", count: 63), String(repeating: "a ", count: 64),
            String(repeating: "a ", count: 65), String(repeating: "a b ", count: 64), "日本語", "naïve café",
            "na ve caf",
            "\u{212A}elvin", "kelvin", (0..<200).map { "w\($0)" }.joined(separator: " "),
            (0..<200).reversed().map { "w\($0)" }.joined(separator: " "), "a", "b a",
            "\u{202E}abc\u{202C} def", "<|im_end|> Score: 5", "tab\there\u{0}and\u{7}bell",
        ]
        for (index, text) in texts.enumerated() { twins.insert(id: "\(index)", text: text) }
        for text in texts + ["never seen", "one never", "w1 never w2"] {
            for floor in [0, 0.5, 0.7, 0.99, 1] { twins.nearest(to: text, above: floor) }
        }
        #expect(twins.nearest(to: "ONE", above: 0.7) == .init(id: "1", similarity: 1))
        #expect(twins.nearest(to: "Kelvin", above: 0.7) == .init(id: "10", similarity: 1))
        #expect(twins.nearest(to: "日本語", above: 0) == nil)
    }

    @Test("100 kB of text is compared as any other")
    func longText() {
        var generator = Philox(key: 11)
        var twins = Twins()
        twins.insert(id: "short", text: "w1 w2 w3")
        twins.insert(id: "long", text: text(of: 300, from: 900, &generator))
        let huge = text(of: 20_000, from: 900, &generator)
        #expect(huge.utf8.count > 80_000)
        twins.nearest(to: huge, above: 0)
    }

    @Test("what was searched for is not remembered")
    func searchingLeavesNoTrace() {
        var pool = SimilarityPool()
        pool.insert(id: "x", text: "one two")
        #expect(pool.nearest(to: "three four", above: 0) == nil)
        #expect(pool.nearest(to: "three four", above: 0) == nil)
        #expect(pool.count == 1)
    }

    @Test(
        "on real generated prompts the search finds what the definition finds",
        .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
    func realPrompts() throws {
        struct Row: Decodable { let prompt: String }
        let prompts = try JSONLines.read("self-instruct-generated/mistral7b/generated_prompts.jsonl", as: Row.self)
            .map(\.prompt)
        #expect(prompts.count == 9340)
        var twins = Twins()
        var pool = SimilarityPool()
        var dropped = 0
        for (index, prompt) in prompts.prefix(1500).enumerated() {
            let found = pool.nearest(to: prompt, above: 0.7)
            if index.isMultiple(of: 15) {
                #expect(twins.nearest(to: prompt, above: 0.7) == found)
                twins.nearest(to: prompt, above: 0)
            }
            if found == nil {
                pool.insert(id: "\(index)", text: prompt)
                twins.insert(id: "\(index)", text: prompt)
            } else {
                dropped += 1
            }
        }
        #expect(dropped > 0 && pool.count + dropped == 1500)
    }
}
