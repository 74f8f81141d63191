/// Philox4x32-10 (Salmon et al. 2011): a counter-based generator.
///
/// The value at a counter is a pure function of key and counter, so what is drawn for a row never depends on what was
/// drawn for another, in which order, or on which thread.
public struct Philox: RandomNumberGenerator, Sendable {
    private let key: UInt64
    /// The upper half of the 128-bit counter: one stream a value.
    private let stream: UInt64
    private var block: UInt64 = 0
    private var pending: UInt64?

    public init(key: UInt64, stream: UInt64 = 0) {
        self.key = key
        self.stream = stream
    }

    /// The four words at `counter` (low half) and `stream` (high half) under `key`.
    public static func words(key: UInt64, stream: UInt64, counter: UInt64) -> SIMD4<UInt32> {
        var word = SIMD4<UInt32>(
            UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
            UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
        var low = UInt32(truncatingIfNeeded: key), high = UInt32(truncatingIfNeeded: key >> 32)
        for _ in 0..<10 {
            let first = UInt64(word[0]) * 0xD251_1F53
            let second = UInt64(word[2]) * 0xCD9E_8D57
            word = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ word[1] ^ low, UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ word[3] ^ high, UInt32(truncatingIfNeeded: first))
            low = low &+ 0x9E37_79B9
            high = high &+ 0xBB67_AE85
        }
        return word
    }

    public mutating func next() -> UInt64 {
        if let value = pending {
            pending = nil
            return value
        }
        let word = Self.words(key: key, stream: stream, counter: block)
        block += 1
        pending = UInt64(word[2]) | UInt64(word[3]) << 32
        return UInt64(word[0]) | UInt64(word[1]) << 32
    }

    /// A number in [0, 1) with 53 random bits.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A whole number in `0..<bound`, every value equally likely.
    ///
    /// Written out because the standard library may change how it draws from a range, and results must not.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "Philox: bound \(bound)")
        let bound = UInt64(bound)
        let rejected = (0 &- bound) % bound
        while true {
            let (high, low) = next().multipliedFullWidth(by: bound)
            if low >= rejected { return Int(high) }
        }
    }

    /// `elements` in a random order (Fisher and Yates).
    public mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        for index in stride(from: result.count - 1, to: 0, by: -1) { result.swapAt(index, below(index + 1)) }
        return result
    }
}
