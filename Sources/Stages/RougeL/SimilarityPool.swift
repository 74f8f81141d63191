/// Texts that a new text may be too similar to, searched for the nearest by ROUGE-L.
///
/// The search is exact. An entry is compared in full only if a bound admits it: the common subsequence can be no longer
/// than the words two texts share, counted with multiplicity, so F1 ≤ 2·shared/(n+m). (The bound by lengths alone,
/// 2·min/(n+m), follows from this one, since no more words can be shared than the shorter text has.) Shared words are
/// counted through an index from word to entries; entries that share none score 0 and are never looked at.
package struct SimilarityPool: Sendable {
    /// The nearest entry to a text.
    package struct Match: Equatable, Sendable {
        package let id: String
        /// ROUGE-L F1, 0 ... 1.
        package let similarity: Double

        package init(id: String, similarity: Double) {
            self.id = id
            self.similarity = similarity
        }
    }

    private struct Posting: Sendable {
        let entry: Int32
        let occurrences: Int32
    }

    private var vocabulary = RougeVocabulary()
    private var identifiers: [String] = []
    private var entries: [RougeTokens] = []
    /// For each word, the entries that hold it.
    private var postings: [[Posting]] = []

    package init() {}

    package var count: Int { entries.count }

    /// Adds a text under the name that matches will report.
    package mutating func insert(id: String, text: String) {
        let tokens = tokens(of: text)
        for (word, occurrences) in histogram(tokens) {
            postings[word].append(Posting(entry: Int32(entries.count), occurrences: occurrences))
        }
        identifiers.append(id)
        entries.append(tokens)
    }

    /// The most similar entry among those that score above `floor`; the earliest inserted of equals; nil if none does.
    package mutating func nearest(to text: String, above floor: Double) -> Match? {
        let tokens = tokens(of: text)
        guard !tokens.words.isEmpty, !entries.isEmpty else { return nil }
        let matcher = SubsequenceMatcher(tokens)
        let shared = sharedWords(with: tokens)
        var best = floor
        var nearest: Int?
        for (entry, common) in shared.enumerated() where common > 0 {
            let length = entries[entry].words.count
            guard RougeL.f1(common: Int(common), tokens.words.count, length) > best else { continue }
            let similarity = RougeL.f1(common: matcher.length(with: entries[entry]), tokens.words.count, length)
            if similarity > best {
                best = similarity
                nearest = entry
            }
        }
        return nearest.map { Match(id: identifiers[$0], similarity: best) }
    }

    /// As `nearest`, but every entry is compared in full: what the bounds are tested against.
    package mutating func nearestByExhaustion(to text: String, above floor: Double) -> Match? {
        let tokens = tokens(of: text)
        var best = floor
        var nearest: Int?
        for (entry, other) in entries.enumerated() {
            let similarity = RougeL.f1(tokens, other)
            if similarity > best {
                best = similarity
                nearest = entry
            }
        }
        return nearest.map { Match(id: identifiers[$0], similarity: best) }
    }

    /// For each entry, how many words it shares with `tokens`, counted with multiplicity.
    private func sharedWords(with tokens: RougeTokens) -> [Int32] {
        var shared = Array(repeating: Int32(0), count: entries.count)
        for (word, occurrences) in histogram(tokens) {
            for posting in postings[word] {
                shared[Int(posting.entry)] += min(occurrences, posting.occurrences)
            }
        }
        return shared
    }

    private mutating func tokens(of text: String) -> RougeTokens {
        let tokens = vocabulary.tokens(of: text)
        while postings.count < vocabulary.count { postings.append([]) }
        return tokens
    }

    /// Each distinct word once, with its number of occurrences, in the order of first appearance.
    private func histogram(_ tokens: RougeTokens) -> [(word: Int, occurrences: Int32)] {
        var index: [Int32: Int] = [:]
        var histogram: [(word: Int, occurrences: Int32)] = []
        for word in tokens.words {
            if let place = index[word] {
                histogram[place].occurrences += 1
            } else {
                index[word] = histogram.count
                histogram.append((word: Int(word), occurrences: 1))
            }
        }
        return histogram
    }
}
