/// Walks the rows of a product's factors in blocks, on all threads.
final class RowBlocks {
    private let pool: WorkerPool
    /// A block of rows for each worker.
    private let scratch = GrowingBuffer<Float>()

    init(pool: WorkerPool) { self.pool = pool }

    /// Calls `body` with the first row and the number of rows of each block, and scratch of its own for `width` floats
    /// a row, where `FactorRows` may make them.
    func forEach(
        of rows: Int, width: Int, _ body: (_ first: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Float>) -> Void
    ) {
        let block = FactorRows.block, size = block * width
        let scratch = scratch.reserve(pool.threads * size)
        pool.runWithWorkers((rows + block - 1) / block) { index, worker in
            body(index * block, min(block, rows - index * block), scratch + worker * size)
        }
    }
}
