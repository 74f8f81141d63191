/// How generation holds the weights of its matrix products. Training always has them as they are.
///
/// It changes results, so it belongs to what a result is keyed by.
public enum WeightFormat: String, Sendable, Hashable, CaseIterable {
    /// As the precision takes them.
    case full
    /// Eight bits and one scale for 32 weights of a row, in products of bfloat16: see `CKernelsQuantized.h`. Half of
    /// bfloat16's bytes to read for each step, so that few sequences are decoded faster; many wait for arithmetic,
    /// which it makes a fifth slower. Without AVX512_BF16 and AVX512_VBMI it is slow.
    case quantized = "q8"

    /// - Throws: `ModelError.configuration` where products of `precision` have no such weights.
    package func validate(_ precision: Precision) throws(ModelError) {
        if self == .quantized, precision != .bfloat16 {
            throw .configuration(
                field: "weights",
                problem: "is '\(rawValue)', which 'precision: \(precision.rawValue)' does not take; set 'precision: "
                    + "\(Precision.bfloat16.rawValue)', or leave 'weights' out")
        }
    }
}
