/// Where and why a text is not JSON.
package struct JSONSyntaxError: Error, Equatable {
    /// Byte offset of the fault from the start of the text.
    package var offset: Int
    package var reason: String
}

extension JSONNode {
    /// Reads one JSON value that fills `bytes`: strict grammar and UTF-8, no duplicate keys, nesting up to 128.
    ///
    /// - Throws: `JSONSyntaxError` with the byte offset of the first fault.
    package static func parse(_ bytes: [UInt8]) throws(JSONSyntaxError) -> JSONNode {
        var parser = JSONNodeParser(bytes: bytes)
        return try parser.document()
    }
}

/// A recursive-descent reader over bytes in memory.
private struct JSONNodeParser {
    let bytes: [UInt8]
    var offset = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    static let deepest = 128

    mutating func document() throws(JSONSyntaxError) -> JSONNode {
        let value = try value(depth: 0)
        skipSpace()
        guard offset == bytes.count else { throw fault("text after the end of the value") }
        return value
    }

    private func fault(_ reason: String, at place: Int? = nil) -> JSONSyntaxError {
        JSONSyntaxError(offset: place ?? offset, reason: reason)
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONNode {
        guard depth < Self.deepest else { throw fault("nested deeper than \(Self.deepest)") }
        skipSpace()
        guard let byte = next else { throw fault("the text ends where a value is due") }
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault("a value cannot start here")
        }
    }

    private mutating func word(_ text: String, _ value: JSONNode) throws(JSONSyntaxError) -> JSONNode {
        for byte in text.utf8 {
            guard take(byte) else { throw fault("'\(text)' is misspelt") }
        }
        return value
    }

    private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONNode {
        offset += 1
        var values: [JSONNode] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(values) }
            guard take(UInt8(ascii: ",")) else { throw fault("',' or ']' is due") }
        }
    }

    private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONNode {
        offset += 1
        var members: [JSONMember] = []
        var seen = Set<[UInt8]>()
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("a key is due") }
            let start = offset
            let key = try string()
            // Compared as bytes: two spellings of one accented letter are equal as Strings but are different tokens.
            guard seen.insert(Array(key.utf8)).inserted else {
                throw fault("the key '\(key)' appears twice", at: start)
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("':' is due") }
            members.append(JSONMember(key, try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw fault("',' or '}' is due") }
        }
    }

    private mutating func number() throws(JSONSyntaxError) -> JSONNode {
        let start = offset
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        var isWhole = true
        if take(UInt8(ascii: ".")) {
            isWhole = false
            try digits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isWhole = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw fault("the number is too large", at: start) }
        return .number(value)
    }

    private mutating func digits() throws(JSONSyntaxError) {
        guard let first = next, isDigit(first) else { throw fault("a digit is due") }
        while let byte = next, isDigit(byte) { offset += 1 }
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private mutating func string() throws(JSONSyntaxError) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        var plainStart = offset
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text.append(contentsOf: bytes[plainStart..<offset])
                offset += 1
                guard let value = String(validating: text, as: UTF8.self) else {
                    throw fault("the string is not UTF-8", at: start)
                }
                return value
            case UInt8(ascii: "\\"):
                text.append(contentsOf: bytes[plainStart..<offset])
                try escape(into: &text)
                plainStart = offset
            case 0..<0x20: throw fault("a control character inside a string")
            default: offset += 1
            }
        }
        throw fault("the string does not end", at: start)
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONSyntaxError) {
        let start = offset
        offset += 1
        guard let byte = next else { throw fault("the text ends inside an escape", at: start) }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar(from: start)).utf8)
        default: throw fault("an unknown escape", at: start)
        }
    }

    /// The character of an escape `\u` with four hexadecimal digits, or of a surrogate pair of them.
    private mutating func scalar(from start: Int) throws(JSONSyntaxError) -> Character {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return Character(scalar) }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("half of a surrogate pair", at: start)
        }
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("half of a surrogate pair", at: start) }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("four hexadecimal digits are due")
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
