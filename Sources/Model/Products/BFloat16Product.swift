import CKernels

/// Products of factors rounded to bfloat16, summed in single precision: see `CKernelsBFloat16.h`.
///
/// An element is one chain of additions in the order of its depth, so its bits depend on nothing else, the cut into
/// tasks included.
final class BFloat16Product {
    static var isNative: Bool { kernel_has_bfloat16() != 0 }

    private let pool: WorkerPool
    private let left = GrowingBuffer<UInt32>(), right = GrowingBuffer<UInt32>()

    init(pool: WorkerPool) { self.pool = pool }

    func forward(
        _ input: UnsafePointer<Float>, _ weight: WeightMatrix, _ output: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        multiply(
            rounded(input, rows: M, width: weight.inFeatures), panels(weight).forward, into: output, rows: M,
            depth: weight.inFeatures, columns: weight.outFeatures, adds: false)
    }

    func inputGradient(
        _ outputGradient: UnsafePointer<Float>, _ weight: WeightMatrix,
        _ inputGradient: UnsafeMutablePointer<Float>, rows M: Int
    ) {
        guard let panels = panels(weight).gradient else {
            preconditionFailure("BFloat16Product: the weights were packed for no gradients")
        }
        multiply(
            rounded(outputGradient, rows: M, width: weight.outFeatures), panels, into: inputGradient, rows: M,
            depth: weight.outFeatures, columns: weight.inFeatures, adds: false)
    }

    func weightGradient(
        _ outputGradient: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
        _ weightGradient: UnsafeMutablePointer<Float>, rows M: Int, inFeatures K: Int, outFeatures N: Int
    ) {
        let pairs = kernel_pairs(M)
        let left = left.reserve(N * pairs), right = right.reserve(kernel_panel_words(M, K))
        let share = 64
        pool.run((N + share - 1) / share) { index in
            let column = index * share
            kernel_pairs_of_columns(
                outputGradient + column, N, left + column * pairs, pairs, M, min(share, N - column))
        }
        pool.run(Self.panelCount(K)) { kernel_panels_of_rows(input, K, right, M, K, $0, 1) }
        multiply(left, right, into: weightGradient, rows: N, depth: M, columns: K, adds: true)
    }

    /// `values` (rows, width) as a left factor whose depth runs along its rows.
    private func rounded(_ values: UnsafePointer<Float>, rows: Int, width: Int) -> UnsafePointer<UInt32> {
        let pairs = kernel_pairs(width), left = left.reserve(rows * pairs)
        let share = max(1, (1 << 16) / width)
        pool.run((rows + share - 1) / share) { index in
            let row = index * share
            kernel_pairs_of_rows(
                values + row * width, width, left + row * pairs, pairs, min(share, rows - row), width)
        }
        return UnsafePointer(left)
    }

    private func multiply(
        _ left: UnsafePointer<UInt32>, _ right: UnsafePointer<UInt32>, into output: UnsafeMutablePointer<Float>,
        rows: Int, depth: Int, columns: Int, adds: Bool
    ) {
        // A block of rows, its sums and a group of panels stay in the second cache; few rows are cut by panels alone.
        let rowBlock = 128, panels = Self.panelCount(columns), group = min(9, max(1, panels / 16))
        let blocks = (rows + rowBlock - 1) / rowBlock, groups = (panels + group - 1) / group
        let pairs = kernel_pairs(depth), width = group * Int(kernel_panel_columns)
        pool.run(blocks * groups) { index in
            let row = index % blocks * rowBlock, column = index / blocks * width
            kernel_bfloat16_product(
                min(rowBlock, rows - row), min(width, columns - column), pairs, left + row * pairs, pairs,
                right + column * pairs, output + row * columns + column, columns, adds ? 1 : 0)
        }
    }

    private func panels(_ weight: WeightMatrix) -> WeightMatrix.Panels {
        guard let panels = weight.panels else {
            preconditionFailure("BFloat16Product: the weights were packed for another precision")
        }
        return panels
    }

    private static func panelCount(_ columns: Int) -> Int {
        (columns + Int(kernel_panel_columns) - 1) / Int(kernel_panel_columns)
    }
}
