extension JSONParser {
    /// Reads a string whose opening quote is the current byte.
    mutating func parseString() throws -> String {
        position += 1
        let start = position
        // Most strings hold no escape: find the end, check the UTF-8 once, copy once.
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                let text = try string(from: bytes[start..<position], at: start)
                position += 1
                return text
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
            if byte < 0x20 { throw error(.controlCharacter(byte)) }
            position += 1
        }
        throw error(.unexpectedEnd)
    }

    /// Continues at the first escape of a string that began at `start`.
    private mutating func parseEscapedString(from start: Int) throws -> String {
        var unescaped: [UInt8] = []
        var runStart = start
        func checkedRun(upTo end: Int) throws {
            guard String(validating: bytes[runStart..<end], as: UTF8.self) != nil else {
                throw ArtifactError.malformedJSON(.invalidUTF8, offset: firstInvalidUTF8(in: runStart..<end))
            }
            unescaped.append(contentsOf: bytes[runStart..<end])
        }
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                try checkedRun(upTo: position)
                position += 1
                return String(decoding: unescaped, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try checkedRun(upTo: position)
                unescaped.append(contentsOf: String(Character(try parseEscape())).utf8)
                runStart = position
            case 0..<0x20: throw error(.controlCharacter(byte))
            default: position += 1
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func parseEscape() throws -> UnicodeScalar {
        let start = position
        guard position + 1 < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
        let kind = bytes[position + 1]
        position += 2
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(kind)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape(at: start)
        default: throw error(.invalidEscape, at: start)
        }
    }

    private mutating func parseUnicodeEscape(at start: Int) throws -> UnicodeScalar {
        let first = try parseFourDigits(at: start)
        if let scalar = UnicodeScalar(first) { return scalar }
        guard first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw error(.loneSurrogate, at: start) }
        position += 2
        let second = try parseFourDigits(at: position - 2)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw error(.loneSurrogate, at: start) }
        return scalar
    }

    private mutating func parseFourDigits(at start: Int) throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
        var value: UInt32 = 0
        for digit in bytes[position..<(position + 4)] {
            guard let nibble = Hexadecimal.valueOfAnyCase(digit) else { throw error(.invalidEscape, at: start) }
            value = value << 4 | UInt32(nibble)
        }
        position += 4
        return value
    }

    private func string(from utf8: Slice<UnsafeRawBufferPointer>, at start: Int) throws -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw error(.invalidUTF8, at: firstInvalidUTF8(in: start..<(start + utf8.count)))
        }
        return text
    }

    private func firstInvalidUTF8(in range: Range<Int>) -> Int {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes[range].makeIterator()
        var offset = range.lowerBound
        while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { offset += scalar.count }
        return offset
    }
}
