/// A strict JSON reader over bytes in memory.
struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    private let maximumDepth: Int
    var position = 0
    private var depth = 0

    /// `bytes` must outlive the parser.
    init(bytes: UnsafeRawBufferPointer, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func parseDocument() throws -> JSONValue {
        skipWhiteSpace()
        let value = try parseValue()
        skipWhiteSpace()
        guard position == bytes.count else { throw error(.trailingBytes) }
        return value
    }

    // MARK: Values

    private mutating func parseValue() throws -> JSONValue {
        switch try current(wanting: "a value") {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): try expect("true"); return .bool(true)
        case UInt8(ascii: "f"): try expect("false"); return .bool(false)
        case UInt8(ascii: "n"): try expect("null"); return .null
        case UInt8(ascii: "-"), 0x30...0x39: return try parseNumber()
        case let byte: throw error(.unexpectedByte(byte, wanted: "a value"))
        }
    }

    private mutating func parseObject() throws -> JSONValue {
        try descend()
        defer { depth -= 1 }
        var members: [String: JSONValue] = [:]
        skipWhiteSpace()
        if try current(wanting: "a key or '}'") == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            let keyOffset = position
            guard try current(wanting: "a key") == UInt8(ascii: "\"") else {
                throw error(.unexpectedByte(bytes[position], wanted: "a key"))
            }
            let key = try parseString()
            skipWhiteSpace()
            guard try current(wanting: "':'") == UInt8(ascii: ":") else {
                throw error(.unexpectedByte(bytes[position], wanted: "':'"))
            }
            position += 1
            skipWhiteSpace()
            let value = try parseValue()
            guard members.updateValue(value, forKey: key) == nil else {
                throw error(.duplicateKey(key), at: keyOffset)
            }
            if try endsAfterElement(closing: UInt8(ascii: "}")) { return .object(members) }
        }
    }

    private mutating func parseArray() throws -> JSONValue {
        try descend()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        skipWhiteSpace()
        if try current(wanting: "a value or ']'") == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try parseValue())
            if try endsAfterElement(closing: UInt8(ascii: "]")) { return .array(elements) }
        }
    }

    /// Steps over the opening bracket.
    private mutating func descend() throws {
        guard depth < maximumDepth else { throw error(.tooDeep(limit: maximumDepth)) }
        depth += 1
        position += 1
    }

    /// Steps over a comma (false) or the closing bracket (true), and the white space around it.
    private mutating func endsAfterElement(closing: UInt8) throws -> Bool {
        let wanted = closing == UInt8(ascii: "]") ? "',' or ']'" : "',' or '}'"
        skipWhiteSpace()
        let byte = try current(wanting: wanted)
        guard byte == closing || byte == UInt8(ascii: ",") else { throw error(.unexpectedByte(byte, wanted: wanted)) }
        position += 1
        if byte == closing { return true }
        skipWhiteSpace()
        return false
    }

    // MARK: Numbers

    private mutating func parseNumber() throws -> JSONValue {
        let start = position
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let firstDigit = position
        try skipDigits()
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            throw error(.malformedNumber, at: start)
        }
        var isInteger = true
        if byteIs(UInt8(ascii: ".")) {
            isInteger = false
            position += 1
            try skipDigits()
        }
        if byteIs(UInt8(ascii: "e")) || byteIs(UInt8(ascii: "E")) {
            isInteger = false
            position += 1
            if byteIs(UInt8(ascii: "+")) || byteIs(UInt8(ascii: "-")) { position += 1 }
            try skipDigits()
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        if isInteger, let integer = Self.integer(text, isNegative: isNegative) { return .integer(integer) }
        // The text follows JSON's grammar by now, which is a subset of what `Double` reads.
        guard let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else {
            throw error(.numberOutOfRange, at: start)
        }
        return .number(number)
    }

    private mutating func skipDigits() throws {
        let start = position
        while position < bytes.count, bytes[position] &- 0x30 < 10 { position += 1 }
        guard position > start else {
            throw position < bytes.count ? error(.malformedNumber) : error(.unexpectedEnd)
        }
    }

    /// Nil beyond `Int64`, and for `-0`, which only a floating-point number can tell from `0`.
    private static func integer(_ text: UnsafeRawBufferPointer, isNegative: Bool) -> Int64? {
        var magnitude: UInt64 = 0
        for digit in text.dropFirst(isNegative ? 1 : 0) {
            let (scaled, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit &- 0x30))
            if overflow || carry { return nil }
            magnitude = sum
        }
        if !isNegative { return Int64(exactly: magnitude) }
        if magnitude == 0 { return nil }
        return magnitude <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }

    // MARK: Bytes

    private mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func byteIs(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    private func current(wanting wanted: String) throws -> UInt8 {
        guard position < bytes.count else { throw error(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func expect(_ word: StaticString) throws {
        for offset in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count else { throw error(.unexpectedEnd) }
            guard bytes[position] == word.utf8Start[offset] else {
                throw error(.unexpectedByte(bytes[position], wanted: "'\(word)'"))
            }
            position += 1
        }
    }

    func error(_ problem: JSONProblem, at offset: Int? = nil) -> ArtifactError {
        .malformedJSON(problem, offset: offset ?? position)
    }
}
