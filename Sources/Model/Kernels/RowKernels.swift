import CKernels

/// The model's element-wise kernels over many rows at once, spread over a worker pool.
///
/// Buffers are row-major. A row's result depends on that row alone, so neither the number of threads nor the rows
/// beside it change a bit. Backward kernels add into gradients; they do not clear them.
package struct RowKernels: Sendable {
    package let pool: WorkerPool

    package init(pool: WorkerPool) { self.pool = pool }

    /// `input` (rows, width) / sqrt(mean(input²) + epsilon) · `weight` (width), row by row, as a product's factor.
    ///
    /// `inverse` (rows), when given, receives 1 / sqrt(…), which the backward pass needs.
    package func rmsNormed(
        _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, inverse: UnsafeMutablePointer<Float>? = nil,
        width: Int, epsilon: Double
    ) -> FactorRows {
        .computed { first, count, target in
            kernel_rms_norm(
                input + first * width, weight, target, inverse.map { $0 + first }, count, width, Float(epsilon))
        }
    }

    /// Adds to `inputGradient` (rows, width) and to `weightGradient` (width) what `outputGradient` (rows, width) gives.
    ///
    /// `input`, `weight` and `inverse` are the forward pass's.
    package func rmsNormBackward(
        _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>,
        outputGradient: UnsafePointer<Float>, inputGradient: UnsafeMutablePointer<Float>,
        weightGradient: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        // The weight's gradient sums over rows: columns are divided among the tasks, so the order of rows is fixed.
        let columns = 64
        pool.run((width + columns - 1) / columns) { block in
            let first = block * columns
            kernel_rms_norm_weight_backward(
                input, outputGradient, inverse, weightGradient, rows, width, first, min(columns, width - first))
        }
        overRows(rows) { first, count in
            kernel_rms_norm_backward(
                input + first * width, weight, outputGradient + first * width, inverse + first,
                inputGradient + first * width, count, width)
        }
    }

    /// Turns the first `heads` heads of each row of `values`, in place, by the angles of the row's position.
    ///
    /// A row is `stride` floats; pair `j` of a head is its elements `j` and `j + size / 2`, Hugging Face's order.
    package func rotate(
        _ values: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>, table: RotaryTable, rows: Int,
        stride: Int, heads: Int
    ) {
        overRows(rows) { first, count in
            kernel_rotary(
                values + first * stride, positions + first, table.cosine.pointer, table.sine.pointer, count, stride,
                heads, table.headSize)
        }
    }

    /// Gradients turned back in place, the transpose of a rotation being its inverse, as a product's factor.
    package func turnedBack(
        _ gradient: UnsafeMutablePointer<Float>, positions: [Int32], table: RotaryTable, stride: Int, heads: Int
    ) -> FactorRows {
        .finished(gradient) { first, count in
            positions.withUnsafeBufferPointer { positions in
                guard let positions = positions.baseAddress else { return }
                kernel_rotary_backward(
                    gradient + first * stride, positions + first, table.cosine.pointer, table.sine.pointer, count,
                    stride, heads, table.headSize)
            }
        }
    }

    /// silu(gate) · up (rows, width) as a product's factor, where a row of `gateUp` is gate (width), then up (width).
    package func swiGLU(_ gateUp: UnsafePointer<Float>, width: Int) -> FactorRows {
        .computed { first, count, target in kernel_swiglu(gateUp + first * 2 * width, target, count, width) }
    }

    /// The gradient of `gateUp` (rows, 2 · width) that `outputGradient` (rows, width) gives, as a product's factor.
    package func swiGLUGradient(
        _ gateUp: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>, width: Int
    ) -> FactorRows {
        .computed { first, count, target in
            target.update(repeating: 0, count: count * 2 * width)
            kernel_swiglu_backward(
                gateUp + first * 2 * width, outputGradient + first * width, target, count, width)
        }
    }

    /// `sum` += `values`, both (rows, width).
    package func add(
        _ values: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        overRows(rows) { first, count in
            kernel_add(values + first * width, sum + first * width, count * width)
        }
    }

    /// Calls `body` with the first row and the number of rows of each block.
    package func overRows(_ rows: Int, _ body: (_ first: Int, _ count: Int) -> Void) {
        let block = 16
        pool.run((rows + block - 1) / block) { index in
            body(index * block, min(block, rows - index * block))
        }
    }
}
