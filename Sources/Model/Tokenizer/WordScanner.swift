/// Cuts text into the words within which byte-level tokens may merge.
///
/// Each method is one alternative of the published patterns, tried in order at a position:
///
///     GPT-2    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///     Llama 3  (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
///               ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
///     Qwen2    as Llama 3, with \p{N} for \p{N}{1,3}
package struct WordScanner {
    private let scalars: [Unicode.Scalar]
    private let classes: [CharacterClass]
    /// Byte offset of each scalar, and of the end.
    private let offsets: [Int]

    /// - Parameters:
    ///   - bytes: valid UTF-8.
    ///   - range: the stretch to cut; its ends lie between characters.
    package init(_ bytes: [UInt8], _ range: Range<Int>) {
        var scalars: [Unicode.Scalar] = [], classes: [CharacterClass] = [], offsets: [Int] = []
        scalars.reserveCapacity(range.count)
        classes.reserveCapacity(range.count)
        offsets.reserveCapacity(range.count + 1)
        var offset = range.lowerBound
        for scalar in String(decoding: bytes[range], as: UTF8.self).unicodeScalars {
            scalars.append(scalar)
            classes.append(CharacterClass(scalar))
            offsets.append(offset)
            offset += UTF8.width(scalar)
        }
        offsets.append(offset)
        self.scalars = scalars
        self.classes = classes
        self.offsets = offsets
    }

    /// Calls `body` with the byte range of each word, in order; together they are the whole stretch.
    package func forEachWord(_ pattern: TokenizerDefinition.WordPattern, _ body: (Range<Int>) -> Void) {
        let end = classes.count
        switch pattern {
        case .gpt2: scan(0, end, body, gpt2Word)
        case .llama3: scan(0, end, body) { llamaWord($0, $1, longestNumber: 3) }
        case .qwen2: scan(0, end, body) { llamaWord($0, $1, longestNumber: 1) }
        case .digitsThenGPT2:
            // Numbers are cut out first, so a pattern never sees past one: spaces before a digit end their stretch.
            var start = 0
            for index in 0..<end where classes[index] == .number {
                scan(start, index, body, gpt2Word)
                body(offsets[index]..<offsets[index + 1])
                start = index + 1
            }
            scan(start, end, body, gpt2Word)
        }
    }

    /// Cuts scalars `start..<end`; `word` gives the end of the word at a position.
    private func scan(_ start: Int, _ end: Int, _ body: (Range<Int>) -> Void, _ word: (Int, Int) -> Int) {
        var position = start
        while position < end {
            let next = word(position, end)
            body(offsets[position]..<offsets[next])
            position = next
        }
    }

    // MARK: Patterns

    private func gpt2Word(_ start: Int, _ end: Int) -> Int {
        if let next = contraction(start, end, ignoringCase: false) { return next }
        let body = scalars[start] == " " && start + 1 < end && !classes[start + 1].isSpace ? start + 1 : start
        if !classes[body].isSpace { return run(from: body, end) { $0 == classes[body] } }
        return spaces(start, end)
    }

    private func llamaWord(_ start: Int, _ end: Int, longestNumber: Int) -> Int {
        if let next = contraction(start, end, ignoringCase: true) { return next }
        let first = classes[start]
        if first == .letter { return run(from: start, end) { $0 == .letter } }
        if first != .lineBreak, first != .number, start + 1 < end, classes[start + 1] == .letter {
            return run(from: start + 1, end) { $0 == .letter }
        }
        if first == .number { return run(from: start, min(end, start + longestNumber)) { $0 == .number } }
        let body = scalars[start] == " " && start + 1 < end ? start + 1 : start
        if classes[body] == .other {
            let symbols = run(from: body, end) { $0 == .other }
            return run(from: symbols, end) { $0 == .lineBreak }
        }
        // \s*[\r\n]+ takes white space up to the last line break in it.
        let stop = run(from: start, end) { $0.isSpace }
        if let lastBreak = classes[start..<stop].lastIndex(of: .lineBreak) { return lastBreak + 1 }
        return spaces(start, end)
    }

    /// `\s+(?!\S)|\s+`: white space, without its last character when something follows it, unless it is that one
    /// alone.
    private func spaces(_ start: Int, _ end: Int) -> Int {
        let stop = run(from: start, end) { $0.isSpace }
        return stop < end && stop - start > 1 ? stop - 1 : stop
    }

    /// The end of the characters from `start` on for which `belongs` holds.
    @inline(__always)
    private func run(from start: Int, _ end: Int, _ belongs: (CharacterClass) -> Bool) -> Int {
        var index = start
        while index < end, belongs(classes[index]) { index += 1 }
        return index
    }

    /// The end of an English contraction's second half ('s, 't, 're, 've, 'm, 'll, 'd) at `start`.
    private func contraction(_ start: Int, _ end: Int, ignoringCase: Bool) -> Int? {
        guard scalars[start] == "'", start + 1 < end else { return nil }
        let first = folded(start + 1, ignoringCase)
        switch first {
        case "s", "t", "m", "d": return start + 2
        case "r", "v", "l":
            guard start + 2 < end else { return nil }
            return folded(start + 2, ignoringCase) == (first == "l" ? "l" : "e") ? start + 3 : nil
        default: return nil
        }
    }

    private func folded(_ index: Int, _ ignoringCase: Bool) -> Unicode.Scalar {
        let scalar = scalars[index]
        guard ignoringCase else { return scalar }
        if scalar == "\u{17F}" { return "s" }  // long s, the one character beyond ASCII that folds to one of these
        return scalar.value >= 0x41 && scalar.value <= 0x5A ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar
    }
}
