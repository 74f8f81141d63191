import Foundation
import Model
import Testing

@Suite("Aligned buffers")
struct AlignedBufferTests {
    /// Floats of a huge page: a block of so many is mapped for itself, a smaller one comes from the heap.
    static let page = (2 << 20) / MemoryLayout<Float>.stride

    @Test(
        "start at zero on a cache line, also where others were before",
        arguments: [0, 1, 17, page - 1, page, page + 1, 3 * page])
    func zeros(count: Int) {
        for _ in 0..<3 {
            let buffer = FloatBuffer(count: count)
            buffer.withUnsafeMutableBufferPointer { values in
                #expect(values.count == count)
                #expect(Int(bitPattern: values.baseAddress) % (count >= Self.page ? 2 << 20 : 64) == 0)
                #expect(values.allSatisfy { $0 == 0 })
            }
            buffer.fill(1)
        }
    }

    @Test("give their pages back")
    func release() throws {
        // Untouched, a gigabyte takes addresses only. Tests that run beside this one take far fewer than 32 of them.
        let before = try addresses()
        for _ in 0..<64 { _ = FloatBuffer(count: 1 << 28) }
        #expect(try addresses() - before < 32 << 30)
    }

    /// Bytes of this process's address space that are in use.
    private func addresses() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[0]
        return try #require(Int(pages)) * sysconf(Int32(_SC_PAGESIZE))
    }
}
