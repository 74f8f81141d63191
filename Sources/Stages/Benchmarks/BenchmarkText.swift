/// What the harness does to texts, in Python: by code point, where Swift goes by character.
enum PythonText {
    /// What `str.strip` takes for white space: Unicode's, and four separators of ASCII.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    static func stripped(_ text: String) -> String {
        let start = text.unicodeScalars.drop(while: isSpace)
        return String(String.UnicodeScalarView(start.dropLast(trailingSpaces(start))))
    }

    /// How many scalars of white space a text ends with.
    static func trailingSpaces(_ text: some BidirectionalCollection<Unicode.Scalar>) -> Int {
        text.reversed().prefix(while: isSpace).count
    }
}

/// HellaSwag's texts: those from WikiHow have marks in brackets.
enum HellaSwagText {
    static func cleaned(_ text: String) -> String {
        let titled = PythonText.stripped(text).replacing(" [title]", with: ". ")
        return withoutBrackets(titled).replacing("  ", with: " ")
    }

    /// As Python's `capitalize`: the first letter up, all others down.
    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return text }
        let rest = String(String.UnicodeScalarView(text.unicodeScalars.dropFirst()))
        return first.properties.titlecaseMapping + rest.lowercased()
    }

    /// Without spans from a bracket to the next closing one; such a span does not go over the end of a line.
    private static func withoutBrackets(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let open = rest.firstIndex(of: "[") {
            kept.append(contentsOf: rest[..<open])
            let end = rest[open...].firstIndex { $0 == "]" || $0 == "\n" } ?? rest.endIndex
            if end < rest.endIndex, rest[end] == "]" {
                rest = rest[rest.index(after: end)...]
            } else {
                // No bracket closes before the end of the line, so all that open here stay.
                kept.append(contentsOf: rest[open..<end])
                rest = rest[end...]
            }
        }
        kept.append(contentsOf: rest)
        return String(kept)
    }
}
