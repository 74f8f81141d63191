internal import Crypto

/// The SHA-256 of some bytes: the name by which the store knows them.
///
/// The bytes hashed are always the *uncompressed* ones, so that a digest never depends on a compressor.
public struct ContentDigest: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 32 bytes as four big-endian words, so that comparing words compares bytes.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Hashes `bytes`.
    public init(hashing bytes: some Sequence<UInt8>) {
        var stream = DigestStream()
        let hashed: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            stream.update(UnsafeRawBufferPointer(buffer))
        }
        if hashed == nil { Array(bytes).withUnsafeBytes { stream.update($0) } }
        self = stream.finalize()
    }

    /// Reads 64 lower-case hexadecimal digits; anything else is nil.
    public init?(hex: some StringProtocol) {
        var words: [UInt64] = [0, 0, 0, 0]
        var count = 0
        for character in hex.utf8 {
            guard count < 64, let digit = Hexadecimal.value(of: character) else { return nil }
            words[count / 16] = words[count / 16] << 4 | UInt64(digit)
            count += 1
        }
        guard count == 64 else { return nil }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// - Precondition: `bytes` are 32.
    init(bytes: some Sequence<UInt8>) {
        var words: [UInt64] = [0, 0, 0, 0]
        for (position, byte) in bytes.enumerated() {
            words[position / 8] = words[position / 8] << 8 | UInt64(byte)
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// The 32 bytes.
    var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> UInt64($0)) }
        }
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(64)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 60, through: 0, by: -4) {
                digits.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15))
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The first 12 digits: enough for a person to tell artifacts apart.
    public var short: String { String(hex.prefix(12)) }

    public var description: String { hex }

    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }
    public static func < (left: Self, right: Self) -> Bool { left.words < right.words }

    public func hash(into hasher: inout Hasher) {
        // SHA-256 is uniform already: one word identifies the digest well enough for a table.
        hasher.combine(words.0)
    }
}

extension ContentDigest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = ContentDigest(hex: text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is not a digest of 64 hexadecimal digits")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// SHA-256 of bytes that arrive in pieces.
public struct DigestStream: Sendable {
    private var state = SHA256()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    public func finalize() -> ContentDigest { ContentDigest(bytes: state.finalize()) }
}

enum Hexadecimal {
    /// The lower-case digit for `value` in 0..<16.
    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    /// The value of a lower-case digit.
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }

    /// The value of a digit of either case, as JSON's `\u` escapes allow.
    static func valueOfAnyCase(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x41...0x46: digit - 0x37
        default: value(of: digit)
        }
    }
}
