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
    /// What the kernel maps for this block alone; nil for a small one, which comes from the heap.
    private let mapping: UnsafeMutableRawBufferPointer?

    public init(count: Int) {
        precondition(count >= 0, "AlignedBuffer: count \(count) is negative")
        let bytes = max(count, 1) * MemoryLayout<Element>.stride
        let block: UnsafeMutableRawPointer
        if bytes >= Self.hugePage {
            (mapping, block) = Self.mapped(bytes)
        } else {
            (mapping, block) = (nil, Self.cleared(bytes))
        }
        self.count = count
        pointer = block.bindMemory(to: Element.self, capacity: count)
    }

    deinit {
        if let mapping { munmap(mapping.baseAddress, mapping.count) } else { free(pointer) }
    }

    private static var hugePage: Int { 2 << 20 }

    /// Pages that the kernel clears when they are first touched: by the threads that fill them, all at once, and never
    /// where nothing is written.
    private static func mapped(
        _ bytes: Int
    ) -> (mapping: UnsafeMutableRawBufferPointer, block: UnsafeMutableRawPointer) {
        let rounded = (bytes + hugePage - 1) / hugePage * hugePage, total = rounded + hugePage
        let raw = mmap(nil, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let raw, raw != MAP_FAILED else { preconditionFailure("AlignedBuffer: no memory for \(bytes) bytes") }
        let block = raw.alignedUp(toMultipleOf: hugePage)
        madvise(block, rounded, 14 /* MADV_HUGEPAGE */)
        return (UnsafeMutableRawBufferPointer(start: raw, count: total), block)
    }

    private static func cleared(_ bytes: Int) -> UnsafeMutableRawPointer {
        let line = 64, rounded = (bytes + line - 1) / line * line
        guard let raw = aligned_alloc(line, rounded) else {
            preconditionFailure("AlignedBuffer: no memory for \(bytes) bytes")
        }
        return memset(raw, 0, rounded)
    }

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
