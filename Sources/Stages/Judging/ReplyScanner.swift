/// Finds `score : number` in the bytes of a reply; the word is the rubric's.
struct ReplyScanner {
    struct Match {
        /// The first byte of the word.
        var start = 0
        let number: Result<Double, BadNumber>
        /// The first byte after the number and its scale. Where there is no number: after the line, or after the colon
        /// if the line goes on in more than a word or two.
        let end: Int

        /// Whether a number is stated, usable or not.
        var hasNumber: Bool {
            if case .failure(let bad) = number { bad.reason != .noScore } else { true }
        }
    }

    struct BadNumber: Error {
        let reason: UnparsableReason
    }

    /// UTF-8, with ASCII letters lower-cased so that every comparison ignores case.
    private let bytes: [UInt8]
    private let form: ScoreForm
    /// The word, lower-cased.
    private let keyword: String

    /// What may stand between the word, the colon and the number.
    private static let decoration = Set(" \t\r\n*_`~\"'#".utf8)
    private static let openings = decoration.union("<([{".utf8)
    private static let closings = Set(" \t*_`~\"'>)]}".utf8)
    private static let lineBreak = UInt8(ascii: "\n")
    private static let decorationInLine = decoration.subtracting([lineBreak])

    init(_ reply: String, _ form: ScoreForm) {
        self.form = form
        keyword = form.label.lowercased()
        bytes = reply.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 + 32 : $0 }
    }

    /// The last match, whether its number is usable, or there at all; nil if there is none.
    ///
    /// Without a number it counts where it states a score (`Score: four`, or nothing more), not where it speaks of one
    /// (`the reason of this score: it is short`). The two are told apart by whether words stand before it on its line;
    /// `I give it a score: four` is therefore passed over.
    func lastScore() -> Match? {
        let length = keyword.utf8.count
        guard bytes.count > length else { return nil }
        for start in stride(from: bytes.count - length, through: 0, by: -1) where holds(keyword, at: start) {
            guard var match = score(after: start + length) else { continue }
            match.start = start
            if match.hasNumber || !isQualified(match) || !hasWord(bytes[(start + length)...]) {
                return match
            }
        }
        return nil
    }

    /// How many lines that hold a letter or digit begin after `position`.
    func linesWithWords(after position: Int) -> Int {
        let lines = bytes[position...].split(separator: Self.lineBreak, omittingEmptySubsequences: false)
        return lines.dropFirst().count(where: hasWord)
    }

    /// Whether it looks like the score of one criterion: `Relevance score: 1`, `Score: 1 for relevance`.
    func isOfOneCriterion(_ match: Match) -> Bool {
        isQualified(match) || holds("for ", at: endOfStatement(match))
    }

    /// Whether a word stands before the statement on its line.
    private func isQualified(_ match: Match) -> Bool {
        endsInWord(before: start(of: match, behind: Self.decorationInLine))
    }

    /// Where the statement of a score begins: before decoration and words such as `final` or `total` in front of it.
    func startOfStatement(_ match: Match) -> Int { start(of: match, behind: Self.decoration) }

    private func start(of match: Match, behind decoration: Set<UInt8>) -> Int {
        var start = match.start
        while true {
            let mark = start
            while start > 0, decoration.contains(bytes[start - 1]) { start -= 1 }
            for word in ["final", "total", "overall", "my", "the"] where start >= word.utf8.count {
                let first = start - word.utf8.count
                if holds(word, at: first), !endsInWord(before: first) { start = first }
            }
            if start == mark { return start }
        }
    }

    /// Where it ends: behind brackets, decoration, `points` and a full stop.
    func endOfStatement(_ match: Match) -> Int {
        var end = skip(Self.closings, from: match.end)
        for word in ["points", "point", "."] where holds(word, at: end) {
            end = skip(Self.closings, from: end + word.utf8.count)
        }
        return end
    }

    private func score(after keyword: Int) -> Match? {
        var index = skip(Self.decoration, from: keyword)
        guard byte(index) == UInt8(ascii: ":") else { return nil }
        let colon = index
        index = skip(Self.openings, from: colon + 1)
        let isNegative = byte(index) == UInt8(ascii: "-")
        let isSigned = isNegative || byte(index) == UInt8(ascii: "+")
        if isSigned { index += 1 }
        guard let number = number(at: index) else {
            let line = bytes[(colon + 1)...].prefix { $0 != Self.lineBreak }
            let words = line.split(separator: UInt8(ascii: " ")).count(where: hasWord)
            return bad(.noScore, at: words > 2 ? colon + 1 : line.endIndex)
        }
        index = number.end
        // A plus sign is how judges add the point of one criterion: "Score: +1".
        if isSigned { return bad(isNegative ? .outOfRange : .malformedNumber, at: index) }
        if let reason = continuation(at: index) { return bad(reason, at: index) }
        return scale(of: number.value, at: skip(Self.closings, from: index), numberEnd: index)
    }

    private func bad(_ reason: UnparsableReason, at end: Int) -> Match {
        Match(number: .failure(BadNumber(reason: reason)), end: end)
    }

    /// Digits, and a fraction if the point is followed by a digit: a full stop after the number is not part of it.
    private func number(at start: Int) -> (value: Double, end: Int)? {
        var end = skip(digits: start)
        guard end > start else { return nil }
        if byte(end) == UInt8(ascii: "."), isDigit(end + 1) { end = skip(digits: end + 1) }
        return Double(String(decoding: bytes[start..<end], as: UTF8.self)).map { ($0, end) }
    }

    /// Why the characters right behind the number change what it means, if they do.
    private func continuation(at index: Int) -> UnparsableReason? {
        guard let next = byte(index) else { return nil }
        switch next {
        case UInt8(ascii: "%"): return .otherScale
        case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ":"):
            return isDigit(index + 1) ? .malformedNumber : nil
        case UInt8(ascii: "_"): return nil  // markdown emphasis
        default: return isDigit(index) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= next ? .malformedNumber : nil
        }
    }

    /// Reads `/5` or `out of 5`, the highest score, and refuses other scales, ranges and sums.
    private func scale(of value: Double, at start: Int, numberEnd: Int) -> Match {
        for mark in ["/", "out of "] where holds(mark, at: start) {
            let place = skip(Self.openings, from: start + mark.utf8.count)
            let word = form.limitInWords
            if holds(word, at: place) { return Match(number: .success(value), end: place + word.utf8.count) }
            guard let limit = number(at: place), limit.value == form.range.upperBound else {
                return bad(.otherScale, at: place)
            }
            return Match(number: .success(value), end: limit.end)
        }
        for mark in ["+", "=", "to ", "or ", "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}"]
        where holds(mark, at: start) {
            let operand = skip(Self.openings, from: start + mark.utf8.count)
            if isDigit(operand) { return bad(.malformedNumber, at: operand) }
        }
        return Match(number: .success(value), end: numberEnd)
    }

    private func byte(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private func isDigit(_ index: Int) -> Bool {
        byte(index).map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
    }

    /// Whether there is a letter or digit in the text.
    private func hasWord(_ text: ArraySlice<UInt8>) -> Bool {
        String(decoding: text, as: UTF8.self).unicodeScalars.contains(where: isWord)
    }

    /// Whether a letter or digit stands directly before the byte at `index`.
    private func endsInWord(before index: Int) -> Bool {
        let longestScalar = 4
        let end = String(decoding: bytes[max(0, index - longestScalar)..<index], as: UTF8.self)
        return end.unicodeScalars.last.map(isWord) ?? false
    }

    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil
    }

    private func holds(_ text: String, at index: Int) -> Bool {
        index + text.utf8.count <= bytes.count && bytes[index...].starts(with: text.utf8)
    }

    private func skip(_ set: Set<UInt8>, from start: Int) -> Int {
        var index = start
        while let byte = byte(index), set.contains(byte) { index += 1 }
        return index
    }

    private func skip(digits start: Int) -> Int {
        var index = start
        while isDigit(index) { index += 1 }
        return index
    }
}
