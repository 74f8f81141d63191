/// Writes canonical JSON; see `CanonicalJSON` for what that is.
struct JSONSerializer {
    /// Why a value has no canonical text.
    enum Refusal: Error, Equatable {
        case notFinite(Double)
        case tooDeep
    }

    private(set) var bytes: [UInt8]
    private var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Where in `value` the first part is that has no canonical text, and why; nil where there is none.
    ///
    /// It is looked for only after a refusal, so that writing need not keep track of places.
    static func firstRefusal(
        in value: JSONValue, at path: String = "$", depth: Int = 0
    ) -> (path: String, why: Refusal)? {
        switch value {
        case .number(let number) where !number.isFinite:
            return (path, .notFinite(number))
        case .array where depth == CanonicalJSON.maximumDepth, .object where depth == CanonicalJSON.maximumDepth:
            return (path, .tooDeep)
        case .array(let elements):
            for (position, element) in elements.enumerated() {
                if let found = firstRefusal(in: element, at: "\(path)[\(position)]", depth: depth + 1) {
                    return found
                }
            }
            return nil
        case .object(let members):
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                if let found = firstRefusal(in: member, at: "\(path).\(key)", depth: depth + 1) { return found }
            }
            return nil
        default:
            return nil
        }
    }

    mutating func write(_ value: JSONValue) throws {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(true): bytes.append(contentsOf: "true".utf8)
        case .bool(false): bytes.append(contentsOf: "false".utf8)
        case .integer(let integer): bytes.append(contentsOf: String(integer).utf8)
        case .number(let number): try write(number)
        case .string(let text): write(text)
        case .array(let elements): try write(elements)
        case .object(let members): try write(members)
        }
    }

    private mutating func write(_ elements: [JSONValue]) throws {
        try descend()
        bytes.append(UInt8(ascii: "["))
        for (position, element) in elements.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            try write(element)
        }
        bytes.append(UInt8(ascii: "]"))
        depth -= 1
    }

    private mutating func write(_ members: [String: JSONValue]) throws {
        try descend()
        // UTF-8 sorts as its code points do; Swift's own `<` would compare composed forms.
        let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        bytes.append(UInt8(ascii: "{"))
        for (position, member) in sorted.enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            write(member.key)
            bytes.append(UInt8(ascii: ":"))
            try write(member.value)
        }
        bytes.append(UInt8(ascii: "}"))
        depth -= 1
    }

    private mutating func descend() throws {
        guard depth < CanonicalJSON.maximumDepth else { throw Refusal.tooDeep }
        depth += 1
    }

    /// The shortest digits that read back the same, as Swift prints them: positional from 0.0001 up to 2⁵⁴,
    /// with an exponent outside. Only the exponent's plus sign and leading zeros are dropped.
    private mutating func write(_ number: Double) throws {
        guard number.isFinite else { throw Refusal.notFinite(number) }
        var digits = number.description
        digits.withUTF8 { text in
            guard let exponent = text.firstIndex(of: UInt8(ascii: "e")) else {
                bytes.append(contentsOf: text)
                return
            }
            bytes.append(contentsOf: text[...exponent])
            var rest = text[(exponent + 1)...]
            if rest.first == UInt8(ascii: "-") { bytes.append(rest.removeFirst()) }
            bytes.append(contentsOf: rest.drop { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "0") })
        }
    }

    private mutating func write(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var copied = 0
            var position = Self.nextEscaped(in: utf8, from: 0)
            while position < utf8.count {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied..<position]))
                appendEscape(of: utf8[position])
                copied = position + 1
                position = Self.nextEscaped(in: utf8, from: copied)
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The position of the first byte from `start` on that JSON wants escaped, or the end; eight bytes are looked at
    /// together while none of them is one.
    private static func nextEscaped(in utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let raw = UnsafeRawBufferPointer(utf8)
        var position = start
        while position + 8 <= raw.count,
            !holdsEscaped(raw.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        {
            position += 8
        }
        while position < raw.count, !isEscaped(raw[position]) { position += 1 }
        return position
    }

    private static func isEscaped(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    /// Whether a byte of `word` is escaped: in each of the three terms, a byte's top bit is set if it was below what is
    /// subtracted. A borrow can set the bit of a byte above one that is found, never without one.
    private static func holdsEscaped(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ ones &* 0x22
        let backslashes = word ^ ones &* 0x5C
        let found =
            (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return found & (ones &* 0x80) != 0
    }

    private mutating func appendEscape(of byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x22, 0x5C: bytes.append(byte)
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Hexadecimal.digit(byte >> 4))
            bytes.append(Hexadecimal.digit(byte & 15))
        }
    }
}

extension JSONSerializer.Refusal: CustomStringConvertible {
    var description: String {
        switch self {
        case .notFinite(let number): "\(number) is not a JSON number"
        case .tooDeep: "it is nested deeper than \(CanonicalJSON.maximumDepth)"
        }
    }
}
