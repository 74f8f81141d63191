/// A weight (outFeatures, inFeatures) in the forms in which products read it.
package struct WeightMatrix {
    package let outFeatures: Int
    package let inFeatures: Int
    /// Row-major.
    let values: UnsafePointer<Float>
    /// What bfloat16 products read instead.
    let panels: Panels?
    /// What products read instead of both, forward, where weights have eight bits: see `CKernelsQuantized.h`.
    let quantized: UnsafeMutablePointer<UInt8>?

    /// A matrix as right factor of bfloat16 products, in panels: see `CKernelsBFloat16.h`.
    struct Panels {
        /// Of the transposed matrix: depth inFeatures, columns outFeatures.
        var forward: UnsafeMutablePointer<UInt32>
        /// Of the matrix: depth outFeatures, columns inFeatures. Nil where no gradients are wanted.
        var gradient: UnsafeMutablePointer<UInt32>?
    }
}
