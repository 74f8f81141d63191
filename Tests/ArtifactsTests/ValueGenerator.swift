import Artifacts

/// JSON values made from a seed, small and perverse: what encoders get wrong rather than what is likely.
struct ValueGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func value(depth: Int = 3) -> JSONValue {
        switch below(depth > 0 ? 8 : 6) {
        case 0: .null
        case 1: .bool(below(2) == 0)
        case 2: .integer(Int64([0, 1, -1, 10, 100].randomElement(using: &self)))
        case 3: .number(number())
        case 4: .integer(Int64(bitPattern: next()) >> Int64(below(64)))
        case 5: .string(string())
        case 6: .array((0..<below(4)).map { _ in value(depth: depth - 1) })
        default:
            .object(Dictionary((0..<below(4)).map { _ in (string(), value(depth: depth - 1)) }) { first, _ in first })
        }
    }

    private mutating func number() -> Double {
        let choices: [Double] = [0, -0.0, 1, 10, 0.1, 1e16, 1e-5, 1e300, Double(Int64.max)]
        if below(2) == 0 { return choices.randomElement(using: &self) }
        let number = Double(bitPattern: next())
        return number.isFinite ? number : 0.5
    }

    private mutating func string() -> String {
        let pieces = ["", "a", "1", "null", "\"", "\\", "\n", "\u{0}", "é", "e\u{301}", "😀", "[", ",", "\u{7F}", "/"]
        return (0..<below(4)).map { _ in pieces.randomElement(using: &self) }.joined()
    }
}

extension Array {
    fileprivate func randomElement(using generator: inout ValueGenerator) -> Element {
        self[generator.below(count)]
    }
}
