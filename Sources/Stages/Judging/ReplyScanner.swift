/// Finds `score : number` in the bytes of a reply.
struct ReplyScanner {
    struct Match {
        /// The first byte of the word `score`.
        var start = 0
        let number: Result<Double, BadNumber>
        /// The first byte after the number and its scale; after the line, where there is no number.
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

    private static let keyword = Array("score".utf8)
    /// What may stand between the word, the colon and the number.
    private static let decoration = Set(" \t\r\n*_`~\"'#".utf8)
    private static let openings = decoration.union("<([{".utf8)
    private static let closings = Set(" \t*_`~\"'>)]}".utf8)
    private static let lineBreak = UInt8(ascii: "\n")
    private static let decorationInLine = decoration.subtracting([lineBreak])
    /// What follows a number to name its scale, and to make a range or a sum of it.
    private static let scaleMarks = ["/", "out of "]
    private static let operators = [
        "+", "=", "to ", "or ", "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}",
    ]

    init(_ reply: String) {
        bytes = reply.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 + 32 : $0 }
    }

    /// The last match, whether its number is usable, or there at all; nil if there is none.
    ///
    /// Without a number it counts where it states a score (`Score: four`, or nothing more), not where it speaks of one
    /// (`the reason of this score: it is short`).
    func lastScore() -> Match? {
        guard bytes.count > Self.keyword.count else { return nil }
        for start in stride(from: bytes.count - Self.keyword.count, through: 0, by: -1) {
            guard bytes[start] == Self.keyword[0], holds("score", at: start) else { continue }
            guard var match = score(after: start + Self.keyword.count) else { continue }
            match.start = start
            if match.hasNumber || !isQualified(match) || !hasWords(from: start + Self.keyword.count) { return match }
        }
        return nil
    }

    /// How many lines that hold a letter or digit begin after `position`.
    func linesWithWords(after position: Int) -> Int {
        let lines = bytes[position...].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.dropFirst().count { line in line.contains { isWord($0) } }
    }

    /// Whether the match is the reply's conclusion even though the reply was cut off later: a number that no further
    /// token could have changed, and of no single criterion.
    func isFinal(_ match: Match) -> Bool { match.hasNumber && !isOfOneCriterion(match) && !isOpen(match) }

    /// Whether it looks like the score of one criterion: `Relevance score: 1`, `Score: 1 for relevance`.
    func isOfOneCriterion(_ match: Match) -> Bool {
        isQualified(match) || holds("for ", at: endOfStatement(match))
    }

    /// Whether the text ends before it is clear where the number does: `Score: 4` could become 4.5, `4/10` or `4 to 5`.
    private func isOpen(_ match: Match) -> Bool {
        let rest = bytes[skip(Self.closings, from: match.end)...]
        return ([".", ",", ":", "%"] + Self.scaleMarks + Self.operators).contains { $0.utf8.starts(with: rest) }
    }

    /// Whether a word stands before the statement on its line.
    private func isQualified(_ match: Match) -> Bool {
        let start = start(of: match, behind: Self.decorationInLine)
        return start > 0 && isWord(bytes[start - 1])
    }

    private func hasWords(from position: Int) -> Bool { bytes[position...].contains(where: isWord) }

    /// Where the statement of a score begins: before decoration and words such as `final` or `total` in front of it.
    func startOfStatement(_ match: Match) -> Int { start(of: match, behind: Self.decoration) }

    private func start(of match: Match, behind decoration: Set<UInt8>) -> Int {
        var start = match.start
        while true {
            let mark = start
            while start > 0, decoration.contains(bytes[start - 1]) { start -= 1 }
            for word in ["final", "total", "overall", "my", "the"] where start >= word.utf8.count {
                let first = start - word.utf8.count
                if holds(word, at: first), first == 0 || !isWord(bytes[first - 1]) { start = first }
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
            return bad(.noScore, at: bytes[colon...].firstIndex(of: Self.lineBreak) ?? bytes.count)
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
        default: return isWord(next) && next < 0x80 ? .malformedNumber : nil
        }
    }

    /// Reads `/5` or `out of 5`, and refuses other scales, ranges and sums.
    private func scale(of value: Double, at start: Int, numberEnd: Int) -> Match {
        for mark in Self.scaleMarks where holds(mark, at: start) {
            let place = skip(Self.openings, from: start + mark.utf8.count)
            if holds("five", at: place) { return Match(number: .success(value), end: place + 4) }
            guard let limit = number(at: place), limit.value == VerdictParser.scale.upperBound else {
                return bad(.otherScale, at: place)
            }
            return Match(number: .success(value), end: limit.end)
        }
        for mark in Self.operators where holds(mark, at: start) {
            let operand = skip(Self.openings, from: start + mark.utf8.count)
            if isDigit(operand) { return bad(.malformedNumber, at: operand) }
        }
        return Match(number: .success(value), end: numberEnd)
    }

    private func byte(_ index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private func isDigit(_ index: Int) -> Bool {
        byte(index).map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
    }

    /// A letter or digit; every byte of a character outside ASCII counts as one.
    private func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
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
