import CKernels

/// The matrices of a model in the forms that one `MatrixProduct` reads.
///
/// In bfloat16 and in eight bits they are packed once, not once a product: whoever changes the model's parameters calls
/// `pack`.
package final class WeightMatrices {
    private let parameters: FloatBuffer
    private let layout: [ParameterLayout.Matrix]
    private let pool: WorkerPool
    /// Where each matrix's panels begin in the buffers.
    private var forwardOffsets: [Int] = []
    private var gradientOffsets: [Int] = []
    private let forward: WordBuffer?
    private let gradient: WordBuffer?
    /// Of eight-bit weights, and where each matrix's panels begin.
    private let quantized: AlignedBuffer<UInt8>?
    private var quantizedOffsets: [Int] = []

    /// - Parameter gradients: whether gradients of the products' inputs will be wanted too.
    package convenience init(
        _ model: LanguageModel, for product: MatrixProduct, gradients: Bool, format: WeightFormat = .full
    ) {
        self.init(model.parameters, model.layout.matrices, for: product, gradients: gradients, format: format)
    }

    /// - Parameter layout: matrices of `parameters`, in the order of their indices.
    /// - Precondition: weights of eight bits are for products of bfloat16, without gradients.
    package init(
        _ parameters: FloatBuffer, _ layout: [ParameterLayout.Matrix], for product: MatrixProduct, gradients: Bool,
        format: WeightFormat = .full
    ) {
        precondition(
            format == .full || product.precision == .bfloat16 && !gradients,
            "WeightMatrices: weights of eight bits have no gradients, and no products in \(product.precision)")
        self.parameters = parameters
        self.layout = layout
        pool = product.pool
        guard product.precision == .bfloat16 else {
            (forward, gradient, quantized) = (nil, nil, nil)
            return
        }
        if format == .quantized {
            (forward, gradient) = (nil, nil)
            var count = 0
            for matrix in layout {
                quantizedOffsets.append(count)
                count += kernel_quantized_bytes(matrix.inFeatures, matrix.outFeatures)
            }
            quantized = AlignedBuffer(count: count)
            pack()
            return
        }
        quantized = nil
        var forwardCount = 0, gradientCount = 0
        for matrix in layout {
            forwardOffsets.append(forwardCount)
            gradientOffsets.append(gradientCount)
            forwardCount += kernel_panel_words(matrix.inFeatures, matrix.outFeatures)
            gradientCount += kernel_panel_words(matrix.outFeatures, matrix.inFeatures)
        }
        forward = WordBuffer(count: forwardCount)
        gradient = gradients ? WordBuffer(count: gradientCount) : nil
        pack()
    }

    package subscript(matrix: ParameterLayout.Matrix) -> WeightMatrix {
        WeightMatrix(
            outFeatures: matrix.outFeatures, inFeatures: matrix.inFeatures,
            values: UnsafePointer(parameters.pointer + matrix.offset),
            panels: forward.map {
                WeightMatrix.Panels(
                    forward: $0.pointer + forwardOffsets[matrix.index],
                    gradient: gradient.map { $0.pointer + gradientOffsets[matrix.index] })
            },
            quantized: quantized.map { $0.pointer + quantizedOffsets[matrix.index] })
    }

    /// Takes over what the parameters have become.
    package func pack() {
        if forward == nil, quantized == nil { return }
        // A panel's worth of a matrix's rows a task, read once for both forms: matrices differ in size by two orders of
        // magnitude.
        let share = Int(kernel_panel_columns)
        let tasks = layout.flatMap { matrix in
            stride(from: 0, to: matrix.outFeatures, by: share).map { (matrix: matrix, first: $0) }
        }
        pool.run(tasks.count) { index in
            let (matrix, first) = tasks[index]
            let rows = matrix.outFeatures, width = matrix.inFeatures, count = min(share, rows - first)
            let values = self[matrix].values + first * width
            if let quantized = self[matrix].quantized {
                kernel_quantized_of_columns(
                    values, width, quantized + kernel_quantized_bytes(width, first), width, count)
            }
            guard let panels = self[matrix].panels else { return }
            kernel_panels_of_columns(values, width, panels.forward + first * kernel_pairs(width), width, count)
            if let gradient = panels.gradient {
                kernel_panels_of_rows(
                    values, width, gradient + first / 2 * share, kernel_pairs(rows) * share, count, width)
            }
        }
    }
}
