/// Text measured and cut by the columns it takes on a screen.
enum DisplayText {
    /// Columns that `text` takes: two for East Asian wide characters and emoji, one for the rest.
    static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    /// `text` cut to `columns`, the cut marked by an ellipsis.
    static func clip(_ text: String, to columns: Int) -> String {
        guard width(text) > columns else { return text }
        guard columns > 0 else { return "" }
        var kept = "", used = 0
        for character in text {
            let next = width(of: character)
            if used + next > columns - 1 { break }
            kept.append(character)
            used += next
        }
        return kept + "…"
    }

    /// `text` with spaces behind it, or before it, up to `columns`.
    static func pad(_ text: String, to columns: Int, right: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, columns - width(text)))
        return right ? spaces + text : text + spaces
    }

    /// Breaks `text` at spaces into lines of at most `columns`; its own line ends are kept, longer words are cut.
    static func wrap(_ text: String, to columns: Int) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { wrapLine($0, to: max(1, columns)) }
    }

    private static func wrapLine(_ line: Substring, to columns: Int) -> [String] {
        var lines: [String] = [], current = "", used = 0
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            var rest = Substring(word)
            if used > 0, used + 1 + width(String(rest)) <= columns {
                current += " " + rest
                used += 1 + width(String(rest))
                continue
            }
            if used > 0 || !current.isEmpty {
                lines.append(current)
                current = ""
            }
            while width(String(rest)) > columns {
                let head = prefix(of: rest, columns: columns)
                lines.append(String(head))
                rest = rest[head.endIndex...]
            }
            current = String(rest)
            used = width(current)
        }
        return lines + [current]
    }

    /// As many characters as fit, but at least one, so that a narrow screen still ends.
    private static func prefix(of text: Substring, columns: Int) -> Substring {
        var end = text.startIndex, used = 0
        while end < text.endIndex {
            let next = width(of: text[end])
            if used + next > columns, end > text.startIndex { break }
            used += next
            end = text.index(after: end)
        }
        return text[..<end]
    }

    private static func width(of character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0..<0x20, 0x7F, 0x300...0x36F, 0x200B...0x200F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// `text` from a model or a file without what could move a cursor, change colours, or make the rest look like something
    /// else.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(isHarmful(scalar) ? "\u{FFFD}" : scalar) }
        return String(scalars)
    }

    /// Control characters, marks that turn the direction of writing, and invisible tags.
    static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00..<0x20, 0x7F...0x9F: true
        // Marks of direction, and what embeds, overrides or isolates it.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        case 0xFEFF, 0xE0000...0xE007F: true
        default: scalar.value & 0xFFFE == 0xFFFE  // No characters, and refused by XML.
        }
    }
}
