/// Finds the number that a solution of GSM8K comes to, by the harness's two rules. Digits are ASCII's.
package enum MathAnswer {
    private static let mark = Array("#### ".utf8)

    /// The number behind the first `#### ` that has one behind it, as it is compared; nil where there is none.
    package static func strict(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        for start in bytes.indices where bytes[start...].starts(with: mark) {
            let first = start + mark.count
            let digits = first < bytes.count && bytes[first] == UInt8(ascii: "-") ? first + 1 : first
            let length = bytes[digits...].prefix { isDigit($0) || isPoint($0) }.count
            if length > 0 { return normalized(String(decoding: bytes[first..<(digits + length)], as: UTF8.self)) }
        }
        return nil
    }

    /// The last number of the text, as it is compared; nil where there is none.
    ///
    /// A digit alone is a number here, and so are two or more of `$`, digits, points and commas in a row, as in "...".
    package static func flexible(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var last: Range<Int>?
        var position = 0
        while position < bytes.count {
            guard let end = numberEnd(bytes, from: position) else {
                position += 1
                continue
            }
            last = position..<end
            position = end
        }
        return last.map { normalized(String(decoding: bytes[$0], as: UTF8.self)) }
    }

    private static func numberEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        let first = bytes[start] == UInt8(ascii: "-") ? start + 1 : start
        let run = bytes[first...].prefix { isDigit($0) || isPoint($0) || $0 == UInt8(ascii: "$") }
        return run.count >= 2 || run.first.map(isDigit) == true ? run.endIndex : nil
    }

    /// What answers have in common that are the same number: without commas and `$`, anything up to the last `#### `, and
    /// a point at the end.
    package static func normalized(_ answer: String) -> String {
        var text = answer
        text.unicodeScalars.removeAll { $0 == "," || $0 == "$" }
        if let mark = text.ranges(of: "#### ").last { text = String(text[mark.upperBound...]) }
        text = PythonText.stripped(text)
        if text.hasSuffix(".") { text.removeLast() }
        return text.lowercased()
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isPoint(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") }
}
