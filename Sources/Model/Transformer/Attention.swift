import CKernels

/// Causal grouped-query attention over a packed batch (Vaswani et al. 2017; Ainslie et al. 2023), forward and backward.
///
/// A row of `queryKeyValue` is (H heads of query | K heads of key | K heads of value), each `headSize` floats, keys and
/// queries already turned by their positions. Scores are never kept: the backward pass computes them again.
///
/// Every dot product runs over positions in order and every softmax over fixed parts of its row, so a row's output has
/// the same bits however the batch around it was cut into segments. Gradients are summed in the order of segments.
package struct Attention: Sendable {
    package let pool: WorkerPool
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int

    /// Query heads that share one key and value head.
    private var group: Int { heads / keyValueHeads }
    /// Floats in a row of `queryKeyValue`.
    private var stride: Int { (heads + 2 * keyValueHeads) * headSize }
    private var keyColumn: Int { heads * headSize }
    private var valueColumn: Int { (heads + keyValueHeads) * headSize }
    private var scale: Float { 1 / Float(headSize).squareRoot() }

    package init(_ configuration: ModelConfiguration, pool: WorkerPool) {
        self.pool = pool
        heads = configuration.headCount
        keyValueHeads = configuration.keyValueHeadCount
        headSize = configuration.headSize
    }

    /// Floats of score scratch that `forward` needs.
    func forwardScratch(_ plan: AttentionPlan) -> Int { pool.threads * AttentionPlan.queryBlock * plan.scoreStride }
    /// Floats of score scratch that `backward` needs.
    func backwardScratch(_ plan: AttentionPlan) -> Int { 3 * forwardScratch(plan) }
    /// Floats for all keys, or all values, transposed.
    func transposedCount(_ plan: AttentionPlan) -> Int { keyValueHeads * headSize * plan.columnStride }
    /// Floats for what segments owe their ancestors' keys and values.
    func owedCount(_ plan: AttentionPlan) -> Int { plan.scratchRowCount * keyValueHeads * headSize * 2 }

    /// Scratch for one forward and backward pass outside a `Transformer`.
    package func scratch(_ plan: AttentionPlan) -> (
        keys: FloatBuffer, values: FloatBuffer, scores: FloatBuffer, owed: FloatBuffer
    ) {
        (
            FloatBuffer(count: transposedCount(plan)), FloatBuffer(count: transposedCount(plan)),
            FloatBuffer(count: backwardScratch(plan)), FloatBuffer(count: owedCount(plan))
        )
    }

    /// `output` (rows, H · headSize) = softmax(Q Kᵀ / √headSize) V for each head.
    ///
    /// - Parameters:
    ///   - keys: scratch of `transposedCount` floats.
    ///   - scores: scratch of `forwardScratch` floats.
    package func forward(
        _ queryKeyValue: UnsafePointer<Float>, plan: AttentionPlan, into output: UnsafeMutablePointer<Float>,
        keys: UnsafeMutablePointer<Float>, scores: UnsafeMutablePointer<Float>
    ) {
        transpose(queryKeyValue + keyColumn, plan, into: keys)
        let scoreCount = AttentionPlan.queryBlock * plan.scoreStride
        pool.runWithWorkers(plan.queryBlocks.count * keyValueHeads) { index, worker in
            let block = plan.queryBlocks[index / keyValueHeads], keyHead = index % keyValueHeads
            let score = scores + worker * scoreCount
            let runs = runs(of: block, plan)
            for head in (keyHead * group)..<((keyHead + 1) * group) {
                probabilities(queryKeyValue, keys, block, runs, plan, head: head, into: score)
                let target = output + block.row * heads * headSize + head * headSize
                for (number, run) in runs.enumerated() {
                    kernel_product(
                        block.count, headSize, run.count, score + run.position, plan.scoreStride, 1,
                        queryKeyValue + run.row * stride + valueColumn + keyHead * headSize, stride, target,
                        heads * headSize, number > 0 ? 1 : 0)
                }
            }
        }
    }

    /// Adds to `gradient` (rows, width of `queryKeyValue`) what `outputGradient` (rows, H · headSize) gives.
    ///
    /// - Parameters:
    ///   - keys, values: scratch of `transposedCount` floats each.
    ///   - scores: scratch of `backwardScratch` floats.
    ///   - owed: scratch of `owedCount` floats.
    package func backward(
        _ queryKeyValue: UnsafePointer<Float>, plan: AttentionPlan, outputGradient: UnsafePointer<Float>,
        gradient: UnsafeMutablePointer<Float>, keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>,
        scores: UnsafeMutablePointer<Float>, owed: UnsafeMutablePointer<Float>
    ) {
        transpose(queryKeyValue + keyColumn, plan, into: keys)
        transpose(queryKeyValue + valueColumn, plan, into: values)
        let scoreCount = 3 * AttentionPlan.queryBlock * plan.scoreStride
        pool.runWithWorkers(plan.segments.count * keyValueHeads) { index, worker in
            let segment = plan.backwardOrder[index / keyValueHeads], keyHead = index % keyValueHeads
            let debt = owed + debtOffset(segment, keyHead, plan)
            debt.update(repeating: 0, count: plan.segments[segment].position * 2 * headSize)
            let pass = BackwardPass(
                attention: self, queryKeyValue: queryKeyValue, outputGradient: outputGradient, gradient: gradient,
                keys: keys, values: values, debt: debt, plan: plan, keyHead: keyHead,
                scores: scores + worker * scoreCount)
            let rows = plan.segments[segment].rows
            for row in Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: AttentionPlan.queryBlock) {
                let block = AttentionPlan.QueryBlock(
                    segment: segment, row: row, count: min(AttentionPlan.queryBlock, rows.upperBound - row))
                for head in (keyHead * group)..<((keyHead + 1) * group) { pass.add(block, head: head) }
            }
        }
        settle(plan, owed: owed, gradient: gradient)
    }

    /// Adds, for every segment, what its descendants owe its keys and values, descendants in order.
    private func settle(
        _ plan: AttentionPlan, owed: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>
    ) {
        pool.run(plan.segments.count * keyValueHeads) { index in
            let ancestor = index / keyValueHeads, keyHead = index % keyValueHeads
            let segment = plan.segments[ancestor]
            for descendant in plan.descendants[ancestor] {
                let debt = owed + debtOffset(descendant, keyHead, plan) + segment.position * 2 * headSize
                for (offset, row) in segment.rows.enumerated() {
                    let key = gradient + row * stride + keyColumn + keyHead * headSize
                    let value = gradient + row * stride + valueColumn + keyHead * headSize
                    kernel_add(debt + offset * 2 * headSize, key, headSize)
                    kernel_add(debt + offset * 2 * headSize + headSize, value, headSize)
                }
            }
        }
    }

    private func debtOffset(_ segment: Int, _ keyHead: Int, _ plan: AttentionPlan) -> Int {
        (plan.scratchRows[segment] * keyValueHeads + keyHead * plan.segments[segment].position) * 2 * headSize
    }

    /// Keys or values as (K · headSize, columnStride): sixteen positions' scores then come from one vector.
    private func transpose(
        _ source: UnsafePointer<Float>, _ plan: AttentionPlan, into target: UnsafeMutablePointer<Float>
    ) {
        let block = 64
        pool.run((plan.rows + block - 1) / block) { index in
            let row = index * block
            kernel_transpose(
                source + row * stride, stride, target + row, plan.columnStride, min(block, plan.rows - row),
                keyValueHeads * headSize)
        }
    }

    /// What a block attends to: its ancestors, then its own segment up to its last query.
    fileprivate func runs(of block: AttentionPlan.QueryBlock, _ plan: AttentionPlan) -> [AttentionPlan.Run] {
        let segment = plan.segments[block.segment]
        return plan.ancestors[block.segment] + [
            .init(
                row: segment.rows.lowerBound, count: block.row + block.count - segment.rows.lowerBound,
                position: segment.position)
        ]
    }

    /// `scores` (block.count, scoreStride) = the dot products of `rows` with every column of `transposed` in `runs`.
    fileprivate func products(
        _ rows: UnsafePointer<Float>, rowStride: Int, _ transposed: UnsafePointer<Float>,
        _ block: AttentionPlan.QueryBlock, _ runs: [AttentionPlan.Run], _ plan: AttentionPlan, keyHead: Int,
        into scores: UnsafeMutablePointer<Float>
    ) {
        for run in runs {
            // Whole vectors: what is written past a run is written again by the next, or is past every query.
            kernel_product(
                block.count, (run.count + 15) / 16 * 16, headSize, rows, rowStride, 1,
                transposed + keyHead * headSize * plan.columnStride + run.row, plan.columnStride,
                scores + run.position, plan.scoreStride, 0)
        }
    }

    /// The attention weights of one head for a block of queries; zero at positions after the query's own.
    fileprivate func probabilities(
        _ queryKeyValue: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ block: AttentionPlan.QueryBlock,
        _ runs: [AttentionPlan.Run], _ plan: AttentionPlan, head: Int, into scores: UnsafeMutablePointer<Float>
    ) {
        products(
            queryKeyValue + block.row * stride + head * headSize, rowStride: stride, keys, block, runs, plan,
            keyHead: head / group, into: scores)
        let segment = plan.segments[block.segment]
        let first = segment.position + block.row - segment.rows.lowerBound
        for query in 0..<block.count {
            let row = scores + query * plan.scoreStride, visible = first + query + 1
            _ = kernel_softmax(row, row, visible, scale)
            (row + visible).update(repeating: 0, count: first + block.count - visible)
        }
    }

    /// The gradients of one (segment, key head), block by block.
    private struct BackwardPass {
        let attention: Attention
        let queryKeyValue: UnsafePointer<Float>
        let outputGradient: UnsafePointer<Float>
        let gradient: UnsafeMutablePointer<Float>
        let keys: UnsafePointer<Float>
        let values: UnsafePointer<Float>
        /// (positions of the ancestors, key and value of one head)
        let debt: UnsafeMutablePointer<Float>
        let plan: AttentionPlan
        let keyHead: Int
        let scores: UnsafeMutablePointer<Float>

        func add(_ block: AttentionPlan.QueryBlock, head: Int) {
            let size = attention.headSize, stride = attention.stride, width = plan.scoreStride
            let runs = attention.runs(of: block, plan)
            let weights = scores, weightGradient = scores + AttentionPlan.queryBlock * width
            let scoreGradient = weightGradient + AttentionPlan.queryBlock * width
            attention.probabilities(queryKeyValue, keys, block, runs, plan, head: head, into: weights)
            let upstream = outputGradient + block.row * attention.heads * size + head * size
            attention.products(
                upstream, rowStride: attention.heads * size, values, block, runs, plan, keyHead: keyHead,
                into: weightGradient)
            let segment = plan.segments[block.segment]
            let first = segment.position + block.row - segment.rows.lowerBound
            for query in 0..<block.count {
                let row = query * width
                (scoreGradient + row).update(repeating: 0, count: first + block.count)
                kernel_softmax_backward(
                    weights + row, weightGradient + row, scoreGradient + row, first + query + 1, attention.scale)
            }
            let query = queryKeyValue + block.row * stride + head * size
            let queryGradient = gradient + block.row * stride + head * size
            for (number, run) in runs.enumerated() {
                kernel_product(
                    block.count, size, run.count, scoreGradient + run.position, width, 1,
                    queryKeyValue + run.row * stride + attention.keyColumn + keyHead * size, stride, queryGradient,
                    stride, 1)
                let isOwn = number == runs.count - 1
                let keyTarget =
                    isOwn
                    ? gradient + run.row * stride + attention.keyColumn + keyHead * size
                    : debt + run.position * 2 * size
                let valueTarget =
                    isOwn
                    ? gradient + run.row * stride + attention.valueColumn + keyHead * size : keyTarget + size
                let targetStride = isOwn ? stride : 2 * size
                kernel_product(
                    run.count, size, block.count, scoreGradient + run.position, 1, width, query, stride, keyTarget,
                    targetStride, 1)
                kernel_product(
                    run.count, size, block.count, weights + run.position, 1, width, upstream,
                    attention.heads * size, valueTarget, targetStride, 1)
            }
        }
    }
}
