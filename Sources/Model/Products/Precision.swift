/// How matrix products round their factors, attention's and the cache of keys and values included. Sums, the weights
/// that are trained, gradients, norms and softmax are single precision always.
///
/// It changes results, so it belongs to what a result is keyed by.
public enum Precision: String, Sendable, Hashable, CaseIterable {
    /// Factors as they are.
    case single = "f32"
    /// Factors rounded to bfloat16, eight bits: half the memory to read in a product and about twice the speed where the
    /// processor multiplies it fast (AVX512_BF16); the same sums, at the speed of single precision or below, elsewhere.
    /// Packed copies of the weights stand beside them, at half their size: one to generate, two to train.
    case bfloat16 = "bf16"

    /// For results that no key names, such as a conversation's.
    public static var fastest: Precision { bfloat16.isNative ? .bfloat16 : .single }

    /// Whether this processor has instructions for it.
    public var isNative: Bool {
        switch self {
        case .single: true
        case .bfloat16: BFloat16Product.isNative
        }
    }

    /// Whether products are made by its own instruction: some processors have one that is slower than single precision's,
    /// which gives the same bits.
    public var multipliesByOwnInstruction: Bool {
        switch self {
        case .single: true
        case .bfloat16: BFloat16Product.usesOwnInstruction
        }
    }
}
