import Foundation

/// A model's parameters, activations, gradients.
public typealias FloatBuffer = AlignedBuffer<Float>
/// Pairs of bfloat16.
typealias WordBuffer = AlignedBuffer<UInt32>

/// A fixed block of numbers, 64-byte aligned and on huge pages where the kernel grants them.
///
/// Large blocks are kept for the life of a model, a trainer or a generator: fresh pages cost more than the
/// arithmetic done on them. Contents start at zero.
public final class AlignedBuffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
    // SAFETY: the buffer does not synchronise. Its owner (a model, a trainer, a generator) hands disjoint ranges to
    // the worker pool and waits for all of them, or shares it read-only.

    public let count: Int
    package let pointer: UnsafeMutablePointer<Element>

    public init(count: Int) {
        precondition(count >= 0, "AlignedBuffer: count \(count) is negative")
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let hugePage = 2 << 20
        let alignment = bytes >= hugePage ? hugePage : 64
        let rounded = (bytes + alignment - 1) / alignment * alignment
        guard let raw = aligned_alloc(alignment, rounded) else {
            preconditionFailure("AlignedBuffer: no memory for \(bytes) bytes")
        }
        if bytes >= hugePage { madvise(raw, rounded, 14 /* MADV_HUGEPAGE */) }
        memset(raw, 0, rounded)
        self.count = count
        pointer = raw.bindMemory(to: Element.self, capacity: count)
    }

    deinit { free(pointer) }

    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "AlignedBuffer: index \(index) outside 0..<\(count)")
            return pointer[index]
        }
        set {
            precondition(index >= 0 && index < count, "AlignedBuffer: index \(index) outside 0..<\(count)")
            pointer[index] = newValue
        }
    }

    public func fill(_ value: Element) { pointer.update(repeating: value, count: count) }

    public func copy(from other: AlignedBuffer) {
        precondition(other.count == count, "AlignedBuffer: copying \(other.count) values into \(count)")
        pointer.update(from: other.pointer, count: count)
    }

    public func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Element>) throws -> Result) rethrows
        -> Result
    {
        try body(UnsafeBufferPointer(start: pointer, count: count))
    }

    public func withUnsafeMutableBufferPointer<Result>(
        _ body: (UnsafeMutableBufferPointer<Element>) throws -> Result
    ) rethrows -> Result {
        try body(UnsafeMutableBufferPointer(start: pointer, count: count))
    }
}
