import CKernelPaths
import CKernels
import Foundation
import Testing

@Suite("Generation kernels by every instruction set")
struct GenerationKernelPathTests {
    @Test("the largest logit and its place, to the bit", arguments: RowKernelPathTests.sizes.dropFirst())
    func largest(n: Int) {
        for inputs in KernelInputs.allCases {
            let x = inputs.values(n, 61)
            KernelPaths.compare { path in
                var index = -1
                let largest = path.largest(x, n, &index)
                return [Double(largest), Double(index)]
            }
        }
    }

    @Test("weights of tokens", arguments: RowKernelPathTests.sizes.dropFirst(), KernelInputs.allCases)
    func tokenWeights(n: Int, inputs: KernelInputs) {
        let x = inputs.values(n, 62, scale: 30), largest = x.max() ?? 0
        let relative = RowKernelPathTests.exponential * KernelPaths.rounding
        let exact = x.exact.map { exp(($0 - Double(largest)) / 0.7) }
        // The sum is in double precision.
        let bounds = exact.map { 2 * relative * $0 + 2 * KernelPaths.smallest } + [2 * relative * exact.reduce(0, +)]
        KernelPaths.compare(within: bounds) { path in
            var weights = [Float](repeating: 7, count: n)
            let sum = path.token_weights(x, &weights, n, largest, 0.7)
            return weights.exact + [sum]
        }
    }

    @Test("the tokens that reach a threshold, to the bit", arguments: RowKernelPathTests.sizes)
    func atLeast(n: Int) {
        for inputs in KernelInputs.allCases {
            let x = inputs.values(n, 63)
            KernelPaths.compare { path in
                var indices = [Int32](repeating: -1, count: n)
                let count = path.at_least(x, n, 0.6, &indices)
                return indices.map(Double.init) + [Double(count)]
            }
        }
    }

    @Test("sizes of pages", arguments: [1, 7, 15, 16, 17, 64, 80])
    func sizes(headSize: Int) {
        KernelPaths.compare { path in
            [
                path.page_block(headSize), path.page_block_bfloat16(headSize),
                path.page_attention_scratch(33, headSize),
            ]
            .map(Double.init)
        }
    }

    @Test("what is written to pages, to the bit", arguments: [1, 7, 15, 16, 17, 64], KernelInputs.allCases)
    func pages(headSize D: Int, inputs: KernelInputs) {
        let heads = 2, keys = inputs.values(3 * heads * D, 64), values = inputs.values(3 * heads * D, 65)
        KernelPaths.compare { path in
            let single = Self.filled(path.page_store, heads * kernel_page_block(D), keys, values, heads, D)
            let half = Self.filled(
                path.page_store_bfloat16, heads * kernel_page_block_bfloat16(D), keys, values, heads, D)
            return (single + half).map(Double.init)
        }
    }

    typealias Store =
        @convention(c) (
            UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutableRawPointer?, Int, Int, Int
        ) -> Void

    /// A page with positions 0, 7 and 8; elsewhere what an earlier owner left, which is no number.
    static func filled(
        _ store: Store, _ size: Int, _ keys: [Float], _ values: [Float], _ heads: Int, _ D: Int
    ) -> [UInt32] {
        var page = [UInt32](repeating: 0xFFFF_FFFF, count: size)
        for (index, slot) in [0, 7, 8].enumerated() {
            let part = (index * heads * D)..<((index + 1) * heads * D)
            store(Array(keys[part]), Array(values[part]), &page, slot, heads, D)
        }
        return page
    }

    @Test("attention over pages", arguments: PageAttentionTests.shapes, [KernelInputs.ordinary, .subnormal])
    func attention(shape: (headSize: Int, rows: Int, group: Int, first: Int), inputs: KernelInputs) {
        let (D, rows, group, first) = shape, positions = first + rows
        let keys = inputs.values(positions * D, 66, scale: 1), values = inputs.values(positions * D, 67, scale: 1)
        let queries = inputs.values(rows * group * D, 68, scale: 1)
        for isBFloat16 in [false, true] {
            let pages = PageAttentionTests.Pages(keys: keys, values: values, headSize: D, isBFloat16: isBFloat16)
            // Scores are sums of D products of at most 1/4, divided by √D. What they err by, a weight errs by twice,
            // beside what softmax and the sum over positions add. Values are at most 1/2, weights sum to 1.
            let score = Double(D + 2) * KernelPaths.rounding * Double(D).squareRoot() / 4
            let sums =
                (RowKernelPathTests.sumOfExponentials(positions) + Double(positions) + 8) * KernelPaths.rounding
            // A weight that moves over the middle between two bfloat16 numbers is rounded to the other.
            let flip = isBFloat16 ? 0x1p-7 : 0
            let bounds = [Double](repeating: (2 * score + sums + flip) / 2, count: queries.count)
            KernelPaths.compare(within: bounds) { path in
                Self.attend(
                    isBFloat16
                        ? { path.page_attention_bfloat16($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) }
                        : { path.page_attention($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) },
                    pages, queries, rows, group, first)
            }
            if !isBFloat16 { continue }
            KernelPaths.compare(within: bounds) { path in
                let plain = Self.attend(
                    { path.page_attention_bfloat16_plain($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) },
                    pages, queries, rows, group, first)
                let chosen = Self.attend(
                    { path.page_attention_bfloat16($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) },
                    pages, queries, rows, group, first)
                let native = Self.attend(
                    { path.page_attention_bfloat16_native($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) },
                    pages, queries, rows, group, first)
                // Within one path the processor's own instructions change nothing.
                #expect(plain == chosen && plain == native)
                return plain
            }
        }
    }

    @Test("softmax takes weights below 2^-126 for zero with the processor's instruction as without it")
    func smallWeights() {
        /// A number as four of eight bits.
        func parts(of number: Float) -> [Float] {
            var rest = number
            return (0..<4).map { _ in
                let part = Float(bitPattern: rest.bitPattern & 0xFFFF_0000)
                rest -= part
                return part
            }
        }
        let D = 4, queries = [Float](repeating: 2, count: D)
        // Half of twice the keys' sums are the scores. The last position's weight passes 2^-126: rounded before it is dropped,
        // it is 2^-126 for some of these, and its value counts.
        let middle = Float(-0x1.d502bap-1).bitPattern
        for bits in (middle - 64)...(middle + 64) {
            let keys = [0, Float(bitPattern: bits), -0x1.5cp+6].flatMap(parts)
            let values: [Float] = [0, 0, 0, 0, 0, 0, 0, 0, 0x1p126, 0, 0, 0]
            let pages = PageAttentionTests.Pages(keys: keys, values: values, headSize: D, isBFloat16: true)
            let plain = pages.attend(queries, rows: 1, group: 1, first: 2, by: kernel_page_attention_bfloat16_plain)
            let native = pages.attend(queries, rows: 1, group: 1, first: 2, by: kernel_page_attention_bfloat16_native)
            #expect(plain == native, "\(bits)")
        }
    }

    typealias Attention = (
        UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int, Int, Int, Int,
        UnsafePointer<UnsafeRawPointer?>?, Int, Int, Float, UnsafeMutablePointer<Float>?
    ) -> Void

    static func attend(
        _ attention: Attention, _ pages: PageAttentionTests.Pages, _ queries: [Float], _ rows: Int, _ group: Int,
        _ first: Int
    ) -> [Double] {
        let D = pages.headSize, width = group * D
        var output = [Float](repeating: 7, count: queries.count)
        var scratch = [Float](repeating: 0, count: kernel_page_attention_scratch(first + rows, D))
        attention(
            queries, width, &output, width, rows, group, first, pages.pages.map { UnsafeRawPointer?($0) }, 0, D,
            1 / Float(D).squareRoot(), &scratch)
        return output.exact
    }
}
