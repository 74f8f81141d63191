import CKernels
import Model
import Testing

@Suite("Dropout")
struct DropoutTests {
    static func mask(_ site: kernel_dropout_site, rows: Int, width: Int) -> [Bool] {
        let ones = [Float](repeating: 1, count: rows * width)
        var result = [Float](repeating: 0, count: rows * width)
        kernel_dropout_add(ones, &result, 0, rows, width, site)
        return result.map { $0 != 0 }
    }

    @Test("draws the published Philox words", arguments: [1, 16, 63, 64, 100])
    func words(width: Int) {
        let site = kernel_dropout_site(key: 0x1234_5678_9ABC_DEF0, stream: 77 << 40 | 3, threshold: 1 << 31, scale: 2)
        let blocks = (width + 63) / 64
        for (index, kept) in Self.mask(site, rows: 3, width: width).enumerated() {
            let row = index / width, column = index % width
            let counter = UInt64((row * blocks + column / 64) * 16 + column % 16)
            let word = Philox.words(key: site.key, stream: site.stream, counter: counter)[column % 64 / 16]
            #expect(kept == (word >= site.threshold), "row \(row), column \(column)")
        }
    }

    @Test("keeps elements at the stated rate and scales them up")
    func rate() {
        let site = kernel_dropout_site(key: 1, stream: 2, threshold: UInt32(0.1 * 0x1p32), scale: 1 / 0.9)
        let count = 1000 * 64, kept = Self.mask(site, rows: 1000, width: 64).filter { $0 }.count
        // Five standard deviations of a binomial count.
        #expect(abs(Double(kept) - 0.9 * Double(count)) < 5 * (Double(count) * 0.09).squareRoot())
        var result: [Float] = [5]
        kernel_dropout_add([2], &result, 0, 1, 1, kernel_dropout_site(key: 0, stream: 0, threshold: 0, scale: 1.25))
        #expect(result == [7.5])
    }

    @Test("a row's mask does not depend on where a block of rows begins")
    func rowBlocks() {
        let site = kernel_dropout_site(key: 5, stream: 6, threshold: 1 << 30, scale: 1)
        let whole = Self.mask(site, rows: 10, width: 70)
        var part = [Float](repeating: 0, count: 3 * 70)
        kernel_dropout_add([Float](repeating: 1, count: 3 * 70), &part, 4, 3, 70, site)
        #expect(part.map { $0 != 0 } == Array(whole[(4 * 70)..<(7 * 70)]))
    }

    @Test("backward passes the gradient where forward passed the value")
    func backward() {
        let site = kernel_dropout_site(key: 9, stream: 1, threshold: 1 << 31, scale: 2)
        let upstream = Oracle.values(2 * 50, 40)
        var gradient = [Float](repeating: 1, count: 100)
        kernel_dropout_add_backward(upstream, &gradient, 0, 2, 50, site)
        let kept = Self.mask(site, rows: 2, width: 50)
        for index in 0..<100 { #expect(gradient[index] == 1 + (kept[index] ? 2 * upstream[index] : 0)) }
    }
}
