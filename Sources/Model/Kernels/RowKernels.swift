import CKernels

/// The model's element-wise kernels over many rows at once, spread over a worker pool.
///
/// Buffers are row-major. A row's result depends on that row alone, so neither the number of threads nor the rows
/// beside it change a bit. Backward kernels add into gradients; they do not clear them.
package struct RowKernels: Sendable {
    package let pool: WorkerPool

    package init(pool: WorkerPool) { self.pool = pool }

    /// `output` (rows, width) = `input` / sqrt(mean(input²) + epsilon) · `weight` (width), row by row.
    ///
    /// `inverse` (rows), when given, receives 1 / sqrt(…), which the backward pass needs. `output` may be `input`.
    package func rmsNorm(
        _ input: UnsafePointer<Float>, weight: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
        inverse: UnsafeMutablePointer<Float>? = nil, rows: Int, width: Int, epsilon: Double
    ) {
        overRows(rows) { first, count in
            kernel_rms_norm(
                input + first * width, weight, output + first * width, inverse.map { $0 + first }, count, width,
                Float(epsilon))
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

    /// Turns gradients back, in place: the transpose of a rotation is its inverse.
    package func rotateBackward(
        _ gradient: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>, table: RotaryTable, rows: Int,
        stride: Int, heads: Int
    ) {
        overRows(rows) { first, count in
            kernel_rotary_backward(
                gradient + first * stride, positions + first, table.cosine.pointer, table.sine.pointer, count, stride,
                heads, table.headSize)
        }
    }

    /// `output` (rows, width) = silu(gate) · up, where a row of `gateUp` is gate (width), then up (width).
    package func swiGLU(
        _ gateUp: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        overRows(rows) { first, count in
            kernel_swiglu(gateUp + first * 2 * width, output + first * width, count, width)
        }
    }

    /// Adds to `gateUpGradient` (rows, 2 · width) what `outputGradient` (rows, width) gives.
    package func swiGLUBackward(
        _ gateUp: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        gateUpGradient: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        overRows(rows) { first, count in
            kernel_swiglu_backward(
                gateUp + first * 2 * width, outputGradient + first * width, gateUpGradient + first * 2 * width, count,
                width)
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

/// One row's softmax, in place or not.
package enum Softmax {
    /// `probabilities` = softmax(scale · `logits`), `count` > 0 values; may be the same memory.
    ///
    /// - Returns: log Σ e^(scale · logit).
    @discardableResult
    package static func row(
        _ logits: UnsafePointer<Float>, into probabilities: UnsafeMutablePointer<Float>, count: Int, scale: Float = 1
    ) -> Float {
        precondition(count > 0, "softmax: an empty row")
        return kernel_softmax(logits, probabilities, count, scale)
    }

    /// Adds to `gradient` what `outputGradient` gives: scale · p · (dp − Σ p dp).
    package static func rowBackward(
        _ probabilities: UnsafePointer<Float>, outputGradient: UnsafePointer<Float>,
        gradient: UnsafeMutablePointer<Float>, count: Int, scale: Float = 1
    ) {
        kernel_softmax_backward(probabilities, outputGradient, gradient, count, scale)
    }
}
