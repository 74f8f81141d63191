import CKernels

/// The key/value cache: pages of 16 positions for all layers and heads, counted by reference.
///
/// A page is shared by all sequences whose tokens agree up to its end. Pages promised to a sequence for later are set
/// aside, so that a sequence once admitted never waits for memory.
package final class KeyValuePages {
    /// Positions in a page; page boundaries stand at multiples of this in every sequence.
    package static let positions = Int(kernel_page_positions)

    /// Of what the pages hold keys and values.
    package let precision: Precision
    /// Units of four bytes in one layer's part of a page, and in one head's part of that: see `CKernelsGeneration.h`.
    package let layerStride: Int
    package let headStride: Int
    private let pageStride: Int
    private let pagesPerSlab: Int
    private let capacity: Int
    private var slabs: [WordBuffer] = []
    private var references: [Int] = []
    private var free: [Int] = []
    /// Pages set aside for sequences and not yet taken.
    private var promised = 0

    /// - Parameter bytes: what all pages together should stay within; `isRoom` tells.
    package init(_ configuration: ModelConfiguration, precision: Precision = .single, bytes: Int) {
        self.precision = precision
        headStride =
            switch precision {
            case .single: kernel_page_block(configuration.headSize)
            case .bfloat16: kernel_page_block_bfloat16(configuration.headSize)
            }
        layerStride = headStride * configuration.keyValueHeadCount
        pageStride = layerStride * configuration.layerCount
        let pageBytes = pageStride * MemoryLayout<UInt32>.stride
        capacity = bytes / pageBytes
        pagesPerSlab = max(1, (32 << 20) / pageBytes)
    }

    package static func pages(for positions: Int) -> Int { (positions + Self.positions - 1) / Self.positions }

    package var inUse: Int { references.count - free.count }

    package func isRoom(for pages: Int) -> Bool { inUse + promised + pages <= capacity }

    package func promise(_ pages: Int) { promised += pages }

    package func withdraw(_ pages: Int) { promised -= pages }

    /// A page with one reference.
    package func take() -> Int {
        if free.isEmpty {
            slabs.append(WordBuffer(count: pagesPerSlab * pageStride))
            free = Array((references.count..<(references.count + pagesPerSlab)).reversed())
            references += [Int](repeating: 0, count: pagesPerSlab)
        }
        let page = free.removeLast()
        references[page] = 1
        return page
    }

    /// A promised page with one reference.
    package func takePromised() -> Int {
        promised -= 1
        return take()
    }

    package func retain(_ pages: some Sequence<Int>) {
        for page in pages { references[page] += 1 }
    }

    package func release(_ pages: some Sequence<Int>) {
        for page in pages {
            precondition(references[page] > 0, "KeyValuePages: page \(page) released once too often")
            references[page] -= 1
            if references[page] == 0 { free.append(page) }
        }
    }

    /// Writes the keys and values (heads, headSize) of one position into one layer's part of its page.
    ///
    /// Threads may write different positions at once.
    func store(
        keys: UnsafePointer<Float>, values: UnsafePointer<Float>, at position: Int,
        in layer: UnsafeMutablePointer<UInt32>, heads: Int, headSize: Int
    ) {
        let slot = position % Self.positions
        switch precision {
        case .single: kernel_page_store(keys, values, layer, slot, heads, headSize)
        case .bfloat16: kernel_page_store_bfloat16(keys, values, layer, slot, heads, headSize)
        }
    }

    package func copy(_ source: Int, to destination: Int) {
        pointer(destination).update(from: pointer(source), count: pageStride)
    }

    package func pointer(_ page: Int) -> UnsafeMutablePointer<UInt32> {
        slabs[page / pagesPerSlab].pointer + page % pagesPerSlab * pageStride
    }

    /// Gives every page back, whoever held it.
    package func reset() {
        references = [Int](repeating: 0, count: references.count)
        free = Array(references.indices.reversed())
        promised = 0
    }
}
