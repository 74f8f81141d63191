internal import Pipeline

/// The arithmetic that stages with a model promise: single precision, in the order of operations of a generation of
/// kernels. Raised when a kernel's rounding changes, so that results of old kernels are not reused.
enum ModelNumerics {
    static let current = Numerics.float(generation: 1)
}
