/// A block of numbers that is kept between steps and grows when a larger batch comes.
///
/// Contents are unspecified after `reserve`: whoever takes a block fills it.
final class GrowingBuffer<Element: BitwiseCopyable & Sendable> {
    private var buffer = AlignedBuffer<Element>(count: 0)

    /// Elements there are.
    var count: Int { buffer.count }

    /// At least `count` elements.
    func reserve(_ count: Int) -> UnsafeMutablePointer<Element> {
        if buffer.count < count {
            // Let the old block go before the new one is taken.
            buffer = AlignedBuffer(count: 0)
            buffer = AlignedBuffer(count: count)
        }
        return buffer.pointer
    }
}
