/// Picks rows by lot, the same ones for the same seed, and a smaller pick within a larger one.
///
/// Every position draws a number that depends on the seed alone; the lowest numbers win. So a pick among rows that fit
/// a condition needs one pass, and no row's luck depends on the others.
public struct RowSample: Sendable {
    private let seed: UInt64
    private let count: Int
    /// Those that may win, in no order.
    private var drawn: [(number: UInt64, position: Int)] = []

    /// - Parameter count: how many rows to pick.
    public init(count: Int, seed: UInt64) {
        self.count = count
        self.seed = seed
    }

    /// The positions that won, in the order of the rows.
    public var positions: [Int] { drawn.sorted { $0.number < $1.number }.prefix(count).map(\.position).sorted() }

    /// Lets the row at `position` draw.
    public mutating func offer(_ position: Int) {
        drawn.append((Self.mixed(Self.mixed(seed) &+ UInt64(truncatingIfNeeded: position)), position))
        // Now and then the losers go, so that memory is that of the pick.
        if drawn.count >= 2 * count + 1024 { drawn = Array(drawn.sorted { $0.number < $1.number }.prefix(count)) }
    }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the result depends on every bit given.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
