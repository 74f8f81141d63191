/// How matrix products round their factors. Sums, weights, gradients and everything else are single precision always.
///
/// It changes results, so it belongs to what a result is keyed by.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// Factors as they are.
    case single = "f32"
    /// Factors rounded to bfloat16, eight bits: half the memory and about twice the speed where the processor multiplies
    /// it (AVX512_BF16), correct to the bit but slow elsewhere.
    case bfloat16 = "bf16"

    /// Whether this processor has instructions for it.
    public var isNative: Bool {
        switch self {
        case .single: true
        case .bfloat16: BFloat16Product.isNative
        }
    }
}
