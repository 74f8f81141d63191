/// Uniform draws that depend on nothing but the generator's 64-bit words.
///
/// The standard library's `random(in:)` and `shuffled(using:)` may change their algorithm between releases, and with
/// them every artifact of a run. These are ours, so the same words always give the same choice.
extension RandomNumberGenerator {
    /// A uniform integer in `0 ..< bound`, without bias: words that fall into the incomplete last block are redrawn.
    package mutating func draw(below bound: Int) -> Int {
        precondition(bound > 0, "draw(below: \(bound)): the bound must be positive")
        let width = UInt64(bound)
        // 2⁶⁴ mod width: words below it would make the small results more likely.
        let rejected = (0 &- width) % width
        var word = next()
        while word < rejected { word = next() }
        return Int(word % width)
    }

    /// A uniform number in [0, 1) with 53 random bits.
    package mutating func drawUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// The elements in a uniformly random order (Fisher–Yates, from the end).
    package mutating func shuffle<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        for last in stride(from: result.count - 1, to: 0, by: -1) {
            result.swapAt(last, draw(below: last + 1))
        }
        return result
    }

    /// `count` of the elements without replacement, in the order drawn; all of them, shuffled, when there are fewer.
    package mutating func sample<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        var pool = elements
        let wanted = Swift.min(count, pool.count)
        for position in 0..<wanted {
            pool.swapAt(position, position + draw(below: pool.count - position))
        }
        return Array(pool.prefix(wanted))
    }
}
