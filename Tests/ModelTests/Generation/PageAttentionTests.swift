import CKernels
import Foundation
import Testing

@Suite("Attention over pages")
struct PageAttentionTests {
    /// One sequence's keys and values in pages of one head, filled in an order of their own.
    final class Pages {
        let headSize: Int
        let isBFloat16: Bool
        private(set) var pages: [UnsafeMutablePointer<UInt32>] = []

        init(keys: [Float], values: [Float], headSize: Int, isBFloat16: Bool) {
            self.headSize = headSize
            self.isBFloat16 = isBFloat16
            let block = isBFloat16 ? kernel_page_block_bfloat16(headSize) : kernel_page_block(headSize)
            let size = Int(kernel_page_positions), count = keys.count / headSize
            for _ in 0..<((count + size - 1) / size) {
                let page = UnsafeMutablePointer<UInt32>.allocate(capacity: block)
                // What an earlier owner left: not a number.
                page.update(repeating: 0xFFFF_FFFF, count: block)
                pages.append(page)
            }
            for position in (0..<count).reversed() {
                let store = isBFloat16 ? kernel_page_store_bfloat16 : kernel_page_store
                keys.withUnsafeBufferPointer { keys in
                    values.withUnsafeBufferPointer { values in
                        store(
                            keys.baseAddress! + position * headSize, values.baseAddress! + position * headSize,
                            pages[position / size], position % size, 1, headSize)
                    }
                }
            }
        }

        deinit { pages.forEach { $0.deallocate() } }

        typealias Attention =
            @convention(c) (
                UnsafePointer<Float>?, Int, UnsafeMutablePointer<Float>?, Int, Int, Int, Int,
                UnsafePointer<UnsafeRawPointer?>?, Int, Int, Float, UnsafeMutablePointer<Float>?
            ) -> Void

        /// - Parameter form: which of the kernels, not the one that is chosen.
        func attend(
            _ queries: [Float], rows: Int, group: Int, first: Int, by form: Attention? = nil
        ) -> [Float] {
            var output = [Float](repeating: 7, count: queries.count)
            var scratch = [Float](repeating: 0, count: kernel_page_attention_scratch(first + rows, headSize))
            let pointers = pages.map { UnsafeRawPointer?($0) }, width = group * headSize
            let kernel = form ?? (isBFloat16 ? kernel_page_attention_bfloat16 : kernel_page_attention)
            kernel(
                queries, width, &output, width, rows, group, first, pointers, 0, headSize,
                1 / Float(headSize).squareRoot(), &scratch)
            return output
        }
    }

    static let shapes = [
        (headSize: 64, rows: 1, group: 3, first: 0), (64, 1, 3, 70), (64, 8, 3, 40), (10, 3, 2, 15), (7, 2, 1, 16),
        (80, 5, 4, 3), (16, 9, 7, 130),
    ]

    @Test("agrees with sums in double precision, in each precision", arguments: shapes)
    func oracle(headSize D: Int, rows: Int, group: Int, first: Int) {
        let positions = first + rows
        let keys = MatrixProductTests.values(positions * D, 51), values = MatrixProductTests.values(positions * D, 52)
        let queries = MatrixProductTests.values(rows * group * D, 53)
        for (isBFloat16, bound) in [(false, 1e-6), (true, 6e-3)] {
            let found = Pages(keys: keys, values: values, headSize: D, isBFloat16: isBFloat16)
                .attend(queries, rows: rows, group: group, first: first)
            for query in 0..<(rows * group) {
                let seen = first + query / group + 1
                let scores = (0..<seen).map { t in
                    (0..<D).reduce(0.0) { $0 + Double(queries[query * D + $1]) * Double(keys[t * D + $1]) }
                        / Double(D).squareRoot()
                }
                let weights = scores.map { exp($0) }, total = weights.reduce(0, +)
                for d in 0..<D {
                    let exact = (0..<seen).reduce(0.0) { $0 + weights[$1] / total * Double(values[$1 * D + d]) }
                    #expect(abs(Double(found[query * D + d]) - exact) < bound)
                }
            }
        }
    }

    @Test("has the same bits with the processor's bfloat16 and without", arguments: shapes)
    func bits(headSize D: Int, rows: Int, group: Int, first: Int) {
        let positions = first + rows
        let pages = Pages(
            keys: MatrixProductTests.values(positions * D, 54), values: MatrixProductTests.values(positions * D, 55),
            headSize: D, isBFloat16: true)
        let queries = MatrixProductTests.values(rows * group * D, 56)
        let found = pages.attend(queries, rows: rows, group: group, first: first)
        let forms: [Pages.Attention] = [kernel_page_attention_bfloat16_plain, kernel_page_attention_bfloat16_native]
        for form in forms {
            #expect(found == pages.attend(queries, rows: rows, group: group, first: first, by: form))
        }
        // Row by row, too.
        for row in 0..<rows {
            let width = group * D
            let part = pages.attend(
                Array(queries[(row * width)..<((row + 1) * width)]), rows: 1, group: group, first: first + row)
            #expect(part[...] == found[(row * width)..<((row + 1) * width)])
        }
    }
}
