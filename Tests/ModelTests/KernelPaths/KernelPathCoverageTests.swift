import CKernelPaths
import Foundation
import TestSupport
import Testing

@Suite("Instruction sets of the kernels")
struct KernelPathCoverageTests {
    /// Names, without their prefix, of all functions that the kernels' public headers declare and do not define.
    static func declared() throws -> Set<String> {
        let folder = SharedData.repository.appending(path: "Sources/CKernels/include")
        let headers = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        var names: Set<String> = []
        for header in headers where header.pathExtension == "h" {
            let text = try String(contentsOf: header, encoding: .utf8)
                .replacing(#/\/\/[^\n]*/#, with: "").replacing(#/\{[^{}]*\}/#, with: "")
            for match in text.matches(of: #/\bkernel_(\w+)\([^(){}]*\)\s*;/#) { names.insert(String(match.1)) }
        }
        return names
    }

    @Test("no kernel is left out of these tests")
    func everyKernel() throws {
        let declared = try Self.declared()
        #expect(declared.contains("exp"))
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        var called: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: #/\bpath\.(\w+)/#) { called.insert(String(match.1)) }
        }
        #expect(declared.subtracting(called) == [], "kernels that no test calls by every path")
    }

    @Test(
        "this CPU runs all of them",
        .enabled(if: KernelPaths.hasAVX512, "no AVX-512 on this CPU: that path is not compared"))
    func allRun() {
        #expect(KernelPaths.hasAVX2)
        // Forced: the narrow paths do not ask the CPU.
        for path in [kernel_path_avx2, kernel_path_plain] {
            #expect(path.has_bfloat16() == 0)
            #expect(path.has_byte_products() == 0)
        }
        #expect(kernel_path_avx512.has_bfloat16() == kernel_path_dispatched.has_bfloat16())
        #expect(kernel_path_avx512.has_byte_products() == kernel_path_dispatched.has_byte_products())
        KernelPaths.compare { path in
            // An instruction that is not there outruns nothing, and an answer holds.
            let answer = path.pairs_outrun_floats()
            return answer <= path.has_bfloat16() && answer == path.pairs_outrun_floats() ? [] : [0]
        }
    }

    /// The difference that the bounds of these tests are about.
    @Test("the plain path rounds products by themselves, the others fuse them with the addition")
    func fusing() {
        let K = 100, N = 12, x = Oracle.values(K, 91), w = Oracle.values(N * K, 92)
        func element(_ n: Int, fuses: Bool) -> Float {
            LinearKernelTests.element(x[...], w[(n * K)..<(n * K + K)], fuses: fuses)
        }
        func linear(_ path: kernel_path) -> [Float] {
            var y = [Float](repeating: 0, count: N)
            path.linear(x, w, &y, 1, K, N, N)
            return y
        }
        #expect(linear(kernel_path_plain) == (0..<N).map { element($0, fuses: false) })
        if KernelPaths.hasAVX2 { #expect(linear(kernel_path_avx2) == (0..<N).map { element($0, fuses: true) }) }
        if KernelPaths.hasAVX512 { #expect(linear(kernel_path_avx512) == (0..<N).map { element($0, fuses: true) }) }
    }
}
