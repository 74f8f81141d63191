/// GPT-2's spelling of bytes as printable characters: `Ġ` for a space, `Ċ` for a line break.
///
/// Printable bytes of Latin-1 stand for themselves; the 68 others take the characters from U+0100 on, in order.
enum ByteAlphabet {
    /// The character for each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            let isPrintable =
                (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
            if isPrintable { return Unicode.Scalar(UInt8(byte)) }
            defer { next += 1 }
            // 0x100 to 0x143: below the surrogates, so always a scalar.
            return Unicode.Scalar(next) ?? "\u{FFFD}"
        }
    }()

    /// The byte for each character code below 0x144; nil where none is meant.
    private static let bytes: [UInt8?] = {
        var table = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = UInt8(byte) }
        return table
    }()

    /// The bytes a token spells, or nil when a character is not of the alphabet.
    static func decode(_ token: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(token.utf8.count)
        for scalar in token.unicodeScalars {
            guard scalar.value < 0x144, let byte = bytes[Int(scalar.value)] else { return nil }
            result.append(byte)
        }
        return result
    }

    /// The spelling of some bytes.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(scalars[Int(byte)]) }
        return String(text)
    }
}
