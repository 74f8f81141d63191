import COpenBLAS

/// Matrix products over fixed tiles, through OpenBLAS in single precision.
///
/// A result never depends on the number of threads, and a row of `forward` never depends on the other rows: tiles are
/// chosen by the shape of the *weight* alone, rows are padded to a multiple of `rowTile`, and one single-threaded
/// library call computes a tile. `docs/numerics.md` says how that was established; `rowsAreIndependent` checks it on
/// the machine at hand, and where it does not hold `forward` falls back to one row a call.
public struct MatrixProduct: Sendable {
    public let pool: WorkerPool
    /// Whether this machine's kernels give a row the same bits wherever it stands in a tile.
    public let rowsAreIndependent: Bool

    /// Rows are computed in multiples of this many.
    package static let rowTile = 16
    /// The most weight rows (output features) in one call.
    private static let featureTile = 256
    /// Above this many multiply-adds a call takes the library's general path whatever its row count; below it, calls
    /// keep exactly `rowTile` rows, since the library has another path for small shapes.
    private static let generalPathWork = 1_500_000

    /// The kernel family the library chose, such as "SkylakeX".
    public static var kernelFamily: String { openblas_open() == 0 ? String(cString: openblas_core()) : "none" }
    public static var libraryVersion: String { openblas_open() == 0 ? String(cString: openblas_version()) : "none" }

    /// - Throws: `ModelError.libraryUnavailable` when OpenBLAS cannot be opened.
    public init(pool: WorkerPool) throws(ModelError) {
        guard openblas_open() == 0 else {
            throw .libraryUnavailable(name: "OpenBLAS", reason: String(cString: openblas_error()))
        }
        self.pool = pool
        rowsAreIndependent = Self.independence
    }

    /// `output (M, N) = input (M, K) · weight (N, K)ᵀ`.
    package func forward(
        _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        rows M: Int, inFeatures K: Int, outFeatures N: Int
    ) {
        if M == 0 { return }
        let tiles = (N + Self.featureTile - 1) / Self.featureTile
        let width = (N + tiles - 1) / tiles
        let wholeRows = M / Self.rowTile * Self.rowTile
        // Tall inputs are cut so that one tile's operands stay in cache; any multiple of `rowTile` gives equal bits.
        let rowBlock = !rowsAreIndependent ? 1 : Self.rowTile * width * K < Self.generalPathWork ? Self.rowTile : 256
        let whole = rowsAreIndependent ? wholeRows : M
        let blocks = (whole + rowBlock - 1) / rowBlock
        let rest = M - whole
        pool.run(tiles * (blocks + (rest > 0 ? 1 : 0))) { index in
            let tile = index % tiles, block = index / tiles
            let column = tile * width
            let columns = min(width, N - column)
            if columns <= 0 { return }
            if block < blocks {
                let row = block * rowBlock
                Self.call(
                    input + row * K, weight + column * K, output + row * N + column,
                    min(rowBlock, whole - row), columns, K, N)
            } else {
                Self.padded(input + whole * K, weight + column * K, output + whole * N + column, rest, columns, K, N)
            }
        }
    }

    /// `inputGradient (M, K) = outputGradient (M, N) · weight (N, K)`, added to what is there when `accumulate`.
    package func inputGradient(
        _ outputGradient: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
        _ inputGradient: UnsafeMutablePointer<Float>,
        rows M: Int, inFeatures K: Int, outFeatures N: Int, accumulate: Bool = false
    ) {
        let rowBlock = 128
        let blocks = (M + rowBlock - 1) / rowBlock
        pool.run(blocks) { block in
            let row = block * rowBlock
            openblas_sgemm(
                0, 0, Int32(min(rowBlock, M - row)), Int32(K), Int32(N), 1, outputGradient + row * N, Int32(N),
                weight, Int32(K), accumulate ? 1 : 0, inputGradient + row * K, Int32(K))
        }
    }

    /// `weightGradient (N, K) += outputGradient (M, N)ᵀ · input (M, K)`. It does not clear the gradient.
    package func weightGradient(
        _ outputGradient: UnsafePointer<Float>, _ input: UnsafePointer<Float>,
        _ weightGradient: UnsafeMutablePointer<Float>,
        rows M: Int, inFeatures K: Int, outFeatures N: Int
    ) {
        if M == 0 { return }
        let featureBlock = 192
        let blocks = (N + featureBlock - 1) / featureBlock
        pool.run(blocks) { block in
            let column = block * featureBlock
            openblas_sgemm(
                1, 0, Int32(min(featureBlock, N - column)), Int32(K), Int32(M), 1, outputGradient + column, Int32(N),
                input, Int32(K), 1, weightGradient + column * K, Int32(K))
        }
    }

    private static func call(
        _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int, _ K: Int, _ stride: Int
    ) {
        openblas_sgemm(
            0, 1, Int32(rows), Int32(columns), Int32(K), 1, input, Int32(K), weight, Int32(K), 0, output,
            Int32(stride))
    }

    /// The last rows, fewer than `rowTile`, computed as a full tile whose other rows are zero.
    private static func padded(
        _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int, _ K: Int, _ stride: Int
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: rowTile * (K + columns)) { scratch in
            guard let base = scratch.baseAddress else { return }
            base.initialize(repeating: 0, count: rowTile * (K + columns))
            base.update(from: input, count: rows * K)
            let result = base + rowTile * K
            call(base, weight, result, rowTile, columns, K, columns)
            for row in 0..<rows { (output + row * stride).update(from: result + row * columns, count: columns) }
        }
    }

    /// Computed once a process: products of one row in every place of tiles of several heights, compared bit for bit.
    private static let independence: Bool = {
        let K = 576, N = 192, most = 64
        var state: UInt32 = 1
        func values(_ count: Int) -> [Float] {
            (0..<count).map { _ in
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / Float(1 << 24) - 0.5
            }
        }
        let input = values(most * K), weight = values(N * K)
        var whole = [Float](repeating: 0, count: most * N)
        input.withUnsafeBufferPointer { x in
            weight.withUnsafeBufferPointer { w in
                whole.withUnsafeMutableBufferPointer {
                    call(x.baseAddress!, w.baseAddress!, $0.baseAddress!, most, N, K, N)
                }
            }
        }
        for rows in [rowTile, 2 * rowTile, 3 * rowTile] {
            for start in stride(from: 0, through: most - rows, by: 5) {
                var part = [Float](repeating: 0, count: rows * N)
                input.withUnsafeBufferPointer { x in
                    weight.withUnsafeBufferPointer { w in
                        part.withUnsafeMutableBufferPointer {
                            call(x.baseAddress! + start * K, w.baseAddress!, $0.baseAddress!, rows, N, K, N)
                        }
                    }
                }
                if part[...] != whole[(start * N)..<((start + rows) * N)] { return false }
            }
        }
        return true
    }()
}
