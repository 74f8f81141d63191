import CKernels

/// How generation holds the weights of its matrix products. Training always has them as they are.
///
/// It changes results, so it belongs to what a result is keyed by.
public enum WeightFormat: String, Sendable, Hashable, CaseIterable {
    /// As the precision takes them.
    case full
    /// Eight bits and one scale for 32 weights of a row, and eight bits for what they are multiplied by: see
    /// `CKernelsQuantized.h`. Half of bfloat16's bytes to read for each step, so that few sequences are decoded faster;
    /// many are where the processor multiplies bytes (AVX512_VNNI). Less accurate than bfloat16: `docs/numerics.md`.
    case quantized = "q8"

    /// Whether this processor has instructions for it.
    public var isNative: Bool {
        switch self {
        case .full: true
        case .quantized: kernel_has_byte_products() != 0
        }
    }

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
