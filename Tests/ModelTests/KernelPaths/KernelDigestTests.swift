import CKernelPaths
import CKernels
import Model
import Testing

/// What the kernels gave when the generation in `ModelNumerics` was last raised, to the bit.
///
/// The other tests allow for rounding. A change of rounding would pass them, and results of stages would keep their keys
/// though a run would no longer give them.
@Suite("Digests of the kernels' results")
struct KernelDigestTests {
    struct Pinned: Sendable, CustomTestStringConvertible {
        let kernel: String
        let digest: UInt64
        /// Whether the plain path, which does not fuse multiplications with additions, gives the same.
        let isExact: Bool
        let compute: @Sendable (kernel_path) -> [Double]

        init(
            _ kernel: String, _ digest: UInt64, isExact: Bool = false,
            _ compute: @escaping @Sendable (kernel_path) -> [Double]
        ) {
            (self.kernel, self.digest, self.isExact, self.compute) = (kernel, digest, isExact, compute)
        }

        var testDescription: String { kernel }
    }

    /// FNV-1a of the numbers' bytes, 64 bits.
    static func digest(_ values: [Double]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for value in values {
            for byte in 0..<8 {
                hash ^= (value.bitPattern >> UInt64(8 * byte)) & 0xFF
                hash &*= 0x100_0000_01B3
            }
        }
        return hash
    }

    static func expect(
        _ found: [Double], _ digest: UInt64, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let given = Self.digest(found)
        #expect(
            given == digest,
            """
            \(name) gives 0x\(String(given, radix: 16, uppercase: true)), which is not what it gave: raise the generation \
            in Sources/Stages/Engines/ModelNumerics.swift, so that results get new keys, then pin this digest
            """, sourceLocation: sourceLocation)
    }

    @Test("kernels give the same bits as when their results got their keys", arguments: rows + products + generation)
    func sameBits(pinned: Pinned) {
        var paths: [(String, kernel_path)] = []
        if pinned.isExact { paths.append(("plain", kernel_path_plain)) }
        if KernelPaths.hasAVX2 { paths += [("AVX2", kernel_path_avx2), ("shipped", kernel_path_dispatched)] }
        if KernelPaths.hasAVX512 { paths.append(("AVX-512", kernel_path_avx512)) }
        for (name, path) in paths {
            Self.expect(pinned.compute(path), pinned.digest, "kernel_\(pinned.kernel) (\(name))")
        }
    }

    @Test(
        "attention in training gives the same bits as when its results got their keys",
        .enabled(if: KernelPaths.hasAVX2, "this CPU does not fuse multiplications with additions"),
        arguments: zip(Precision.allCases, [0xBBD5_8ECD_CDE0_9679, 0xE8DA_B45F_0553_AAEA] as [UInt64]))
    func attention(precision: Precision, digest: UInt64) {
        // Two blocks of queries, heads of two panels.
        let length = 52
        let found = AttentionTests.run(
            PackedBatch([AttentionTests.sequence(length)]), Oracle.values(length * 5 * 80, 201),
            upstream: Oracle.values(length * 3 * 80, 202), start: 1, shape: AttentionTests.wide, precision: precision)
        Self.expect(found.output.exact + found.gradient.exact, digest, "attention in \(precision.rawValue)")
    }

    /// Sizes, choices, and forms in which factors lie: what stands in them is in the digests of products and attention.
    static let withoutResults: Set = [
        "has_bfloat16", "has_byte_products", "pairs_outrun_floats", "page_block", "page_block_bfloat16",
        "page_attention_scratch", "pairs_of_rows", "panels_of_rows", "panels_of_columns", "page_store",
        "page_store_bfloat16",
    ]

    @Test("no kernel is left out")
    func everyKernel() throws {
        let pinned = Self.rows + Self.products + Self.generation
        #expect(
            Set(pinned.map(\.kernel)) == (try KernelPathCoverageTests.declared().subtracting(Self.withoutResults)))
    }

    // MARK: Kernels

    /// Rows of 65 whole vectors and one number.
    static let width = 1041
    static let height = 3
    static let x = Oracle.values(height * width, 203, scale: 8), dy = Oracle.values(height * width, 204)
    static let weight = Oracle.values(width, 205)

    static let rows: [Pinned] = [
        Pinned("exp", 0x0F13_7146_6F83_51D8) { path in
            Self.filled(width) { y in path.exp(x, &y, width) }
        },
        Pinned("add", 0x0527_2CC9_B2BE_37CB, isExact: true) { path in
            Self.filled(width) { y in path.add(x, &y, width) }
        },
        Pinned("rms_norm", 0xF1A7_67AB_7921_1440) { path in
            var inverse = weight
            let y = Self.filled(x.count) { y in path.rms_norm(x, weight, &y, &inverse, height, width, 1e-5) }
            return y + inverse.exact
        },
        Pinned("rms_norm_backward", 0x3008_46AB_ADCC_2830) { path in
            Self.filled(x.count) { dx in path.rms_norm_backward(x, weight, dy, [0.5, 0.7, 0.9], &dx, height, width) }
        },
        Pinned("rms_norm_weight_backward", 0xDD3B_C0E1_BBB7_2DBC) { path in
            Self.filled(width) { dweight in
                path.rms_norm_weight_backward(x, dy, [0.5, 0.7, 0.9], &dweight, height, width, 5, width - 5)
            }
        },
        Pinned("rotary", 0x3CFB_D3B4_1E5F_9243) { path in
            Self.turned { y, angles in path.rotary(&y, [0, 2, 1], angles, weight, height, width, 11, 94) }
        },
        Pinned("rotary_backward", 0xABD8_E222_3D97_2B71) { path in
            Self.turned { y, angles in path.rotary_backward(&y, [0, 2, 1], angles, weight, height, width, 11, 94) }
        },
        Pinned("swiglu", 0xF1E1_6B57_F6DE_3F81) { path in
            Self.filled(width) { y in path.swiglu(x, &y, 1, width) }
        },
        Pinned("swiglu_backward", 0x641B_D7CF_C42D_34E6) { path in
            Self.filled(2 * width) { dx in path.swiglu_backward(x, dy, &dx, 1, width) }
        },
        Pinned("softmax", 0xE1FE_0ED2_0F94_E2B7) { path in
            var logSum: Float = 0
            let y = Self.filled(x.count) { y in logSum = path.softmax(x, &y, x.count, 0.3) }
            return y + [Double(logSum)]
        },
        Pinned("softmax_backward", 0x9BA4_00C0_772C_5169) { path in
            Self.filled(width) { dx in path.softmax_backward(weight, dy, &dx, width, 0.3) }
        },
        Pinned("likelihood", 0x7671_0829_D2B5_DFEA) { path in
            let found = path.likelihood(x, x.count)
            return [found.log_sum_exp, found.entropy, Double(found.maximum)]
        },
        Pinned("likelihood_backward", 0x051A_63A9_A0EF_3A08) { path in
            var gradient = x
            path.likelihood_backward(&gradient, x.count, 8.9, -0.25)
            return gradient.exact
        },
        Pinned("dropout_add", 0xE05E_2176_AE3B_54EE, isExact: true) { path in
            Self.filled(x.count) { y in path.dropout_add(x, &y, 1 << 40, height, width, site) }
        },
        Pinned("dropout_add_backward", 0xFE56_11C9_C889_15B9, isExact: true) { path in
            Self.filled(x.count) { dx in path.dropout_add_backward(dy, &dx, 5, height, width, site) }
        },
        Pinned("sum_of_squares", 0x85B4_D5BC_5919_41D6, isExact: true) { path in [path.sum_of_squares(x, x.count)] },
        Pinned("adamw", 0x728F_2017_4627_BA9F) { path in
            let step = kernel_adamw_step(
                gradient_scale: 0.7, first_rate: 0.1, beta2: 0.999, second_rate: 0.001, decay: 0.999,
                step_size: 0.01, second_correction: 0.4, epsilon: 1e-8)
            var first = x, second = x.map { $0 * $0 }
            let weights = Self.filled(x.count) { y in path.adamw(&y, &first, &second, dy, x.count, step) }
            return weights + first.exact + second.exact
        },
    ]

    static let site = kernel_dropout_site(key: 0x1234_5678_9ABC, stream: 77, threshold: 1 << 30, scale: 4 / 3)

    /// `count` numbers after a kernel has written or added to them.
    private static func filled(_ count: Int, _ kernel: (inout [Float]) -> Void) -> [Double] {
        var values = [Float](repeating: 1, count: count)
        kernel(&values)
        return values.exact
    }

    private static func turned(_ kernel: (inout [Float], [Float]) -> Void) -> [Double] {
        var values = x
        kernel(&values, dy)
        return values.exact
    }

    // Rows, depth and columns: tiles and panels that are not full, a depth of more than one block and an odd end.
    static let (M, K, N) = (25, 401, 70)
    static let a = Oracle.values(M * K, 206), b = Oracle.values(N * K, 207)

    static let products: [Pinned] = [
        Pinned("linear", 0x8797_9A72_D725_FA0C) { path in
            Self.filled(M * N) { y in path.linear(a, b, &y, M, K, N, N) }
        },
        Pinned("product", 0x15BA_F283_AE39_DEBF) { path in
            Self.filled(M * N) { c in path.product(M, N, K, a, 1, M, b, N, &c, N, 1) }
        },
        Pinned("transpose", 0x132F_1ACA_7F6B_6FAA, isExact: true) { path in
            Self.filled(M * K) { y in path.transpose(a, K, &y, M, M, K) }
        },
        Pinned("bfloat16_product", 0xA586_28CF_A503_7C78, isExact: true) { path in
            Self.bfloat16(path, path.bfloat16_product)
        },
        Pinned("bfloat16_product_plain", 0xA586_28CF_A503_7C78, isExact: true) { path in
            Self.bfloat16(path, path.bfloat16_product_plain)
        },
        Pinned("bfloat16_product_native", 0xA586_28CF_A503_7C78, isExact: true) { path in
            Self.bfloat16(path, path.bfloat16_product_native)
        },
        Pinned("quantized_of_columns", 0xC868_7BF4_EBDE_B839, isExact: true) { path in
            Self.quantized(path).map(Double.init)
        },
        Pinned("values_of_quantized", 0x16D4_13E1_6A6F_8DD0, isExact: true) { path in
            Self.filled(N * K) { y in path.values_of_quantized(Self.quantized(path), &y, K, K, N) }
        },
        Pinned("quantized_rows", 0x3E9E_8137_8669_0665, isExact: true) { path in
            Self.quantizedRows(path).flatMap { block in
                withUnsafeBytes(of: block) { $0.map(Double.init) }
            }
        },
        Pinned("quantized_product", 0xDDBE_E2F6_7BCE_0FA7, isExact: true) { path in
            Self.quantized(path, path.quantized_product)
        },
        Pinned("quantized_product_narrow", 0xDDBE_E2F6_7BCE_0FA7, isExact: true) { path in
            Self.quantized(path, path.quantized_product_narrow)
        },
        Pinned("quantized_product_plain", 0xDDBE_E2F6_7BCE_0FA7, isExact: true) { path in
            Self.quantized(path, path.quantized_product_plain)
        },
    ]

    typealias BFloat16Product =
        @convention(c) (
            Int, Int, Int, UnsafePointer<UInt32>?, Int, Int, UnsafePointer<UInt32>?, UnsafeMutablePointer<Float>?,
            Int, Int32
        ) -> Void

    /// Products of factors in each of their forms.
    private static func bfloat16(_ path: kernel_path, _ product: BFloat16Product) -> [Double] {
        let pairs = kernel_pairs(K), panel = Int(kernel_panel_columns)
        var left = [UInt32](repeating: 0, count: M * pairs)
        var turned = [UInt32](repeating: 0, count: kernel_panel_words(K, M))
        var right = [UInt32](repeating: 0, count: kernel_panel_words(K, N)), other = right
        path.pairs_of_rows(a, K, &left, pairs, M, K)
        path.panels_of_rows(a, M, &turned, pairs * panel, K, M)
        path.panels_of_columns(b, K, &right, K, N)
        path.panels_of_rows(b, N, &other, pairs * panel, K, N)
        return filled(M * N) { c in product(M, N, pairs, left, pairs, 1, right, &c, N, 0) }
            + filled(M * N) { c in product(M, N, pairs, turned, 1, panel, other, &c, N, 1) }
            + filled(4 * N) { c in product(4, N, pairs, left, pairs, 1, other, &c, N, 0) }
    }

    private static func quantized(_ path: kernel_path) -> [UInt8] {
        var weights = [UInt8](repeating: 0, count: kernel_quantized_bytes(K, N))
        path.quantized_of_columns(b, K, &weights, K, N)
        return weights
    }

    private static func quantizedRows(_ path: kernel_path) -> [kernel_quantized_block] {
        let stride = (K + 31) / 32
        var rows = [kernel_quantized_block](repeating: kernel_quantized_block(), count: M * stride)
        path.quantized_rows(a, K, &rows, stride, M, K)
        return rows
    }

    private static func quantized(_ path: kernel_path, _ product: QuantizedProduct) -> [Double] {
        let weights = quantized(path), rows = quantizedRows(path)
        return filled(M * N) { c in product(M, N, K, rows, (K + 31) / 32, weights, &c, N) }
    }

    typealias QuantizedProduct =
        @convention(c) (
            Int, Int, Int, UnsafePointer<kernel_quantized_block>?, Int, UnsafePointer<UInt8>?,
            UnsafeMutablePointer<Float>?, Int
        ) -> Void

    static let generation: [Pinned] = [
        Pinned("largest", 0xD089_03A9_B92B_A449, isExact: true) { path in
            var index = -1
            let largest = path.largest(x, x.count, &index)
            return [Double(largest), Double(index)]
        },
        Pinned("token_weights", 0xF277_A977_509A_0673) { path in
            var sum = 0.0
            let weights = Self.filled(x.count) { y in sum = path.token_weights(x, &y, x.count, 4, 0.7) }
            return weights + [sum]
        },
        Pinned("at_least", 0xDE17_80EB_1A83_0393, isExact: true) { path in
            var indices = [Int32](repeating: -1, count: x.count)
            let count = path.at_least(x, x.count, 3.9, &indices)
            return indices.map(Double.init) + [Double(count)]
        },
        Pinned("page_attention", 0x68A9_E444_8C85_BB64) { path in
            Self.attention(isBFloat16: false) {
                path.page_attention($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            }
        },
        Pinned("page_attention_bfloat16", 0x2A21_2BAC_7370_7BDA) { path in
            Self.attention(isBFloat16: true) {
                path.page_attention_bfloat16($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            }
        },
        Pinned("page_attention_bfloat16_plain", 0x2A21_2BAC_7370_7BDA) { path in
            Self.attention(isBFloat16: true) {
                path.page_attention_bfloat16_plain($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            }
        },
        Pinned("page_attention_bfloat16_native", 0x2A21_2BAC_7370_7BDA) { path in
            Self.attention(isBFloat16: true) {
                path.page_attention_bfloat16_native($0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            }
        },
    ]

    /// Nine rows of three heads from position 70 on.
    private static func attention(
        isBFloat16: Bool, _ kernel: GenerationKernelPathTests.Attention
    ) -> [Double] {
        let D = 71, rows = 9, group = 3, first = 70
        func values(_ count: Int, _ stream: UInt64) -> [Float] { Oracle.values(count, stream) }
        let pages = PageAttentionTests.Pages(
            keys: values((first + rows) * D, 208), values: values((first + rows) * D, 209), headSize: D,
            isBFloat16: isBFloat16)
        return GenerationKernelPathTests.attend(
            kernel, pages, values(rows * group * D, 210), rows, group, first)
    }
}
