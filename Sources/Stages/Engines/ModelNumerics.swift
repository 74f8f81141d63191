internal import Pipeline

/// The arithmetic that stages with a model promise: floating point in the order of operations of a generation of kernels.
/// Raised when a kernel's rounding changes, in whichever precision, so that results of old kernels are not reused.
///
/// 2: keys, values and attention weights are rounded in bfloat16 too; gradients of attention are summed head by head.
/// 3: gradients of products in single precision come from our own kernel.
/// 4: sums of bfloat16 products below 2^-126 count as zero on processors without an instruction for them too.
/// 5: with weights of eight bits the other factor has eight bits too.
enum ModelNumerics {
    static let current = Numerics.float(generation: 5)
}
