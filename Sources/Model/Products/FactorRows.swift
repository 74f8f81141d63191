/// Rows of a product's factor: as they lie in memory, or made block by block just before the product takes them in.
///
/// A block that is made where it is wanted is still in the processor's cache when it is rounded and packed; written out
/// for all rows first, it would go to main memory and back. A product asks once for each row.
package enum FactorRows {
    /// Row-major, without gaps.
    case stored(UnsafePointer<Float>)
    /// Puts `count` rows from row `first` on at `target`. Called for several blocks at once.
    case computed((_ first: Int, _ count: Int, _ target: UnsafeMutablePointer<Float>) -> Void)
    /// Stored rows that are finished in place first, a block at a time.
    case finished(UnsafeMutablePointer<Float>, (_ first: Int, _ count: Int) -> Void)

    /// Rows of a block: a multiple of the pairs that a vector holds, and few enough for the second cache.
    static let block = 32

    /// Whether rows have a place of their own.
    var isInMemory: Bool {
        if case .computed = self { false } else { true }
    }

    /// Floats of scratch that a row of `width` takes.
    func scratchWidth(_ width: Int) -> Int { isInMemory ? 0 : width }

    /// The rows from `first` on, each `width` floats; at `scratch` where they have no place of their own.
    package func rows(
        from first: Int, count: Int, width: Int, scratch: UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float> {
        switch self {
        case .stored(let values):
            return values + first * width
        case .computed(let compute):
            compute(first, count, scratch)
            return UnsafePointer(scratch)
        case .finished(let values, let finish):
            finish(first, count)
            return UnsafePointer(values + first * width)
        }
    }
}
