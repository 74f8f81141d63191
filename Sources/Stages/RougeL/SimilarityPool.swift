/// Texts that a new text may be too similar to, searched for the nearest by ROUGE-L.
///
/// The search is exact: `docs/decisions/0011-exact-novelty-by-rare-words.md` says why. It looks entries up by the words
/// of the text, the rarest first, and compares in full only those that no bound excludes:
/// - an entry first met at some word has none of the words before it, so that the common subsequence is no longer than
///   what is left of the text. Once that is too short for every entry, the frequent words are not looked up at all;
/// - it is no longer than the entry;
/// - each bit that the signature of one has and that of the other has not stands for a word, or several, that are not
///   shared.
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

    /// An entry that holds a word, with what bounds need to know of it: a lookup reads thousands, one after the other.
    private struct Posting: Sendable {
        let signature: WordSignature
        let entry: Int32
        let length: Int32
    }

    private var vocabulary = RougeVocabulary()
    private var identifiers: [String] = []
    /// The words of all entries, one entry after the other.
    private var words: [Int32] = []
    /// Where each entry's words begin.
    private var starts: [Int] = []
    /// For each word, the entries that hold it.
    private var postings: [[Posting]] = []

    package init() {}

    package var count: Int { starts.count }

    /// Adds a text under the name that matches will report.
    package mutating func insert(id: String, text: String) {
        let tokens = vocabulary.tokens(of: text)
        while postings.count < vocabulary.count { postings.append([]) }
        let posting = Posting(
            signature: WordSignature(tokens.words), entry: Int32(count), length: Int32(tokens.words.count))
        for word in Set(tokens.words) { postings[Int(word)].append(posting) }
        identifiers.append(id)
        starts.append(words.count)
        words += tokens.words
    }

    /// The most similar entry among those that score above `floor`; the earliest inserted of equals; nil if none does.
    /// - Precondition: `floor` is not negative.
    package func nearest(to text: String, above floor: Double) -> Match? {
        precondition(floor >= 0, "similarity pool: the floor is \(floor), below every score")
        let text = SearchedText(vocabulary.knownTokens(of: text)) { postings[$0].count }
        guard text.known > 0 else { return nil }
        var leader = Leader(similarity: floor, length: text.length)
        var compared = EntrySet(count: count)
        var admitted: [Posting] = []
        // The longest common subsequence with an entry that has none of the words looked up so far.
        var reach = text.known
        for lookup in text.lookups {
            // An entry of just the words that are left would be the most similar.
            guard leader.admits(common: reach, with: reach) else { break }
            admitted.removeAll(keepingCapacity: true)
            for posting in postings[lookup.word] {
                let bound = min(reach, text.bound(posting.signature, length: Int(posting.length)))
                if leader.admits(common: bound, with: Int(posting.length)) { admitted.append(posting) }
            }
            for posting in admitted where compared.insert(Int(posting.entry)) {
                let start = starts[Int(posting.entry)], length = Int(posting.length)
                let common = text.matcher.length(with: words.span.extracting(start..<start + length))
                leader.consider(Int(posting.entry), common: common, with: length)
            }
            reach -= lookup.occurrences
        }
        return leader.entry.map { Match(id: identifiers[$0], similarity: leader.similarity) }
    }
}

/// A text that entries are compared with.
private struct SearchedText {
    /// In words.
    let length: Int
    /// How many of its words some entry holds.
    let known: Int
    /// These words, each once, those in the fewest entries first.
    let lookups: [(word: Int, occurrences: Int)]
    let matcher: SubsequenceMatcher
    private let signature: WordSignature

    /// - Parameter entries: how many entries hold a word.
    init(_ tokens: RougeTokens, entries: (_ word: Int) -> Int) {
        var occurrences: [Int32: Int] = [:]
        for word in tokens.words where word >= 0 { occurrences[word, default: 0] += 1 }
        length = tokens.words.count
        known = occurrences.values.reduce(0, +)
        lookups = occurrences.map { (word: Int($0.key), occurrences: $0.value, entries: entries(Int($0.key))) }
            .sorted { ($0.entries, $0.word) < ($1.entries, $1.word) }
            .map { (word: $0.word, occurrences: $0.occurrences) }
        matcher = SubsequenceMatcher(tokens)
        signature = WordSignature(tokens.words)
    }

    /// What the common subsequence with an entry cannot exceed.
    func bound(_ other: WordSignature, length: Int) -> Int {
        min(known - signature.count(without: other), length - other.count(without: signature))
    }
}

/// A bit for each word of a text, of 128; words may share one.
private struct WordSignature {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// - Parameter words: those below 0 are in no other text and get no bit.
    init(_ words: [Int32]) {
        for word in words where word >= 0 {
            // Multiplication by 2⁶⁴/φ spreads numbers that follow one another over the seven highest bits.
            let place = (UInt64(word) &* 0x9E37_79B9_7F4A_7C15) >> 57
            if place < 64 { low |= 1 << place } else { high |= 1 << (place - 64) }
        }
    }

    /// How many bits it has that `other` has not: at least as many words are not in the other text.
    func count(without other: WordSignature) -> Int {
        (low & ~other.low).nonzeroBitCount + (high & ~other.high).nonzeroBitCount
    }
}

/// The most similar entry found so far.
private struct Leader {
    /// Of the leader; the floor while there is none.
    private(set) var similarity: Double
    private(set) var entry: Int?
    /// Of the text that entries are compared with, in words.
    private let length: Int

    init(similarity: Double, length: Int) {
        self.similarity = similarity
        self.length = length
    }

    /// Whether an entry of `other` words could lead if so many are common. A few that could not are let through: the
    /// product is rounded, and the margin is wider than its rounding.
    func admits(common: Int, with other: Int) -> Bool {
        Double(2 * common) >= similarity * Double(length + other) * (1 - 1e-12)
    }

    mutating func consider(_ candidate: Int, common: Int, with other: Int) {
        let found = RougeL.f1(common: common, length, other)
        guard found > similarity || (found == similarity && entry.map { candidate < $0 } ?? false) else { return }
        similarity = found
        entry = candidate
    }
}

/// Which entries were compared already.
private struct EntrySet {
    private var bits: [UInt64]

    init(count: Int) { bits = Array(repeating: 0, count: (count + 63) / 64) }

    /// Whether it was not there yet.
    mutating func insert(_ entry: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(entry % 64)
        defer { bits[entry / 64] |= bit }
        return bits[entry / 64] & bit == 0
    }
}
