import CKernels

/// Causal grouped-query attention over a packed batch (Vaswani et al. 2017; Ainslie et al. 2023), forward and backward.
///
/// A row of `queryKeyValue` is (H heads of query | K heads of key | K heads of value), each `headSize` floats, keys and
/// queries already turned by their positions. Scores are never kept: the backward pass computes them again.
///
/// A task is one segment and one key head. It gathers the keys and values that the segment sees, from its ancestors and
/// itself, and takes the segment's queries block by block. Every sum runs over positions in one order and every softmax over
/// fixed parts of its row, so a row's output has the same bits however the batch around it was cut into segments.
/// Gradients are summed in the order of segments.
package struct Attention: Sendable {
    /// Queries handled together: a multiple of the six rows of a register tile, small enough for the scores to stay
    /// in the second-level cache.
    static let queryBlock = 48

    package let pool: WorkerPool
    let precision: Precision
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

    package init(_ configuration: ModelConfiguration, precision: Precision = .single, pool: WorkerPool) {
        self.pool = pool
        self.precision = precision
        heads = configuration.headCount
        keyValueHeads = configuration.keyValueHeadCount
        headSize = configuration.headSize
    }

    // MARK: Memory

    /// Floats of scratch that a pass over `plan` needs: every worker's own, and what segments owe their ancestors.
    package func scratchCount(_ plan: AttentionPlan, backward: Bool) -> Int {
        let owed = plan.scratchRowCount * keyValueHeads * headSize * 2
        return pool.threads * workerScratch(plan) + (backward ? owed : 0)
    }

    private func workerScratch(_ plan: AttentionPlan) -> Int {
        let products =
            switch precision {
            case .single: SinglePrecisionContext.scratchCount(depth: plan.depth, headSize: headSize)
            case .bfloat16: BFloat16Context.scratchCount(depth: plan.depth, headSize: headSize)
            }
        return Task.scratchCount(depth: plan.depth, headSize: headSize) + products
    }

    // MARK: Passes

    /// `output` (rows, H · headSize) = softmax(Q Kᵀ / √headSize) V for each head.
    ///
    /// - Parameter scratch: `scratchCount` floats.
    package func forward(
        _ queryKeyValue: UnsafePointer<Float>, plan: AttentionPlan, into output: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        forEachTask(queryKeyValue, plan, backward: false, scratch) { task, products, head in
            let target = output + head * headSize
            for block in task.blocks {
                task.weigh(block, head: head, products)
                products.output(
                    task.weights, rows: block.count, positions: task.position(block) + block.count,
                    into: target + block.lowerBound * heads * headSize, stride: heads * headSize)
            }
        }
    }

    /// Adds to `gradient` (rows, width of `queryKeyValue`) what `outputGradient` (rows, H · headSize) gives.
    ///
    /// - Parameter scratch: `scratchCount` floats.
    package func backward(
        _ queryKeyValue: UnsafePointer<Float>, plan: AttentionPlan, outputGradient: UnsafePointer<Float>,
        gradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let owed = scratch + pool.threads * workerScratch(plan)
        forEachTask(queryKeyValue, plan, backward: true, scratch) { task, products, head in
            if head % group == 0 { task.clearGradients() }
            for block in task.blocks {
                task.addGradients(
                    block, head: head, products, upstream: outputGradient + head * headSize,
                    upstreamStride: heads * headSize, queryGradient: gradient + head * headSize)
            }
            if head % group == group - 1 {
                task.handOver(gradient, debt: owed + debtOffset(task.segment, task.keyHead, plan))
            }
        }
        settle(plan, owed: owed, gradient: gradient)
    }

    /// Calls `body` for every head of every task, a task's heads one after another on one worker.
    private func forEachTask(
        _ queryKeyValue: UnsafePointer<Float>, _ plan: AttentionPlan, backward: Bool,
        _ scratch: UnsafeMutablePointer<Float>, _ body: (Task, any AttentionContext, Int) -> Void
    ) {
        let size = workerScratch(plan)
        pool.runWithWorkers(plan.segments.count * keyValueHeads) { index, worker in
            let own = scratch + worker * size, keyHead = index % keyValueHeads
            let task = Task(
                attention: self, queryKeyValue: queryKeyValue, plan: plan,
                segment: plan.longestFirst[index / keyValueHeads], keyHead: keyHead, scratch: own)
            task.gather()
            let rest = own + Task.scratchCount(depth: plan.depth, headSize: headSize)
            let products: any AttentionContext =
                switch precision {
                case .single:
                    SinglePrecisionContext(task.context, scoreStride: task.scoreStride, backward: backward, rest)
                case .bfloat16:
                    BFloat16Context(task.context, scoreStride: task.scoreStride, backward: backward, rest)
                }
            for head in (keyHead * group)..<((keyHead + 1) * group) { body(task, products, head) }
        }
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

    /// The queries of one segment that share one key head, at work.
    private struct Task {
        let attention: Attention
        let queryKeyValue: UnsafePointer<Float>
        let plan: AttentionPlan
        let segment: Int
        let keyHead: Int
        let scratch: UnsafeMutablePointer<Float>

        static func scratchCount(depth: Int, headSize: Int) -> Int {
            4 * depth * headSize + 3 * queryBlock * AttentionPlan.scoreStride(depth)
        }

        /// Positions that the segment's last query sees.
        private var depth: Int { plan.segments[segment].position + plan.segments[segment].rows.count }
        private var size: Int { attention.headSize }
        var scoreStride: Int { AttentionPlan.scoreStride(depth) }

        // Scratch, one part behind the other.
        private var keys: UnsafeMutablePointer<Float> { scratch }
        private var values: UnsafeMutablePointer<Float> { scratch + depth * size }
        private var keyGradient: UnsafeMutablePointer<Float> { scratch + 2 * depth * size }
        private var valueGradient: UnsafeMutablePointer<Float> { scratch + 3 * depth * size }
        /// Attention weights (queryBlock, scoreStride) of the block at hand, and the gradients of weights and scores.
        var weights: UnsafeMutablePointer<Float> { scratch + 4 * depth * size }
        private var weightGradient: UnsafeMutablePointer<Float> { weights + Attention.queryBlock * scoreStride }
        private var scoreGradient: UnsafeMutablePointer<Float> { weights + 2 * Attention.queryBlock * scoreStride }

        var context: GatheredContext {
            GatheredContext(keys: UnsafePointer(keys), values: UnsafePointer(values), depth: depth, headSize: size)
        }

        /// The segment's rows in blocks of queries.
        var blocks: [Range<Int>] {
            let rows = plan.segments[segment].rows
            return Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: Attention.queryBlock).map {
                $0..<min($0 + Attention.queryBlock, rows.upperBound)
            }
        }

        /// The position of a block's first query.
        func position(_ block: Range<Int>) -> Int {
            plan.segments[segment].position + block.lowerBound - plan.segments[segment].rows.lowerBound
        }

        /// Brings the keys and values that the segment sees together, by position.
        func gather() {
            let own = plan.segments[segment]
            let last = AttentionPlan.Run(row: own.rows.lowerBound, count: own.rows.count, position: own.position)
            for run in plan.ancestors[segment] + [last] {
                for offset in 0..<run.count {
                    let row = queryKeyValue + (run.row + offset) * attention.stride + keyHead * size
                    let place = (run.position + offset) * size
                    (keys + place).update(from: row + attention.keyColumn, count: size)
                    (values + place).update(from: row + attention.valueColumn, count: size)
                }
            }
        }

        private func query(_ block: Range<Int>, head: Int) -> UnsafePointer<Float> {
            queryKeyValue + block.lowerBound * attention.stride + head * size
        }

        /// Fills `weights` with the attention weights of one head; zero at positions after the query's own.
        func weigh(_ block: Range<Int>, head: Int, _ products: any AttentionContext) {
            let first = position(block), seen = first + block.count
            products.scores(
                query(block, head: head), stride: attention.stride, rows: block.count, positions: seen,
                with: .keys, into: weights)
            for query in 0..<block.count {
                let row = weights + query * scoreStride, visible = first + query + 1
                _ = kernel_softmax(row, row, visible, attention.scale)
                (row + visible).update(repeating: 0, count: seen - visible)
            }
        }

        func clearGradients() {
            keyGradient.update(repeating: 0, count: 2 * depth * size)
        }

        /// Adds what one head of a block gives to the gradients of its queries, and of the context's keys and values.
        func addGradients(
            _ block: Range<Int>, head: Int, _ products: any AttentionContext, upstream: UnsafePointer<Float>,
            upstreamStride: Int, queryGradient: UnsafeMutablePointer<Float>
        ) {
            let first = position(block), seen = first + block.count
            let upstream = upstream + block.lowerBound * upstreamStride
            weigh(block, head: head, products)
            products.scores(
                upstream, stride: upstreamStride, rows: block.count, positions: seen, with: .values,
                into: weightGradient)
            for query in 0..<block.count {
                let row = query * scoreStride
                (scoreGradient + row).update(repeating: 0, count: seen)
                kernel_softmax_backward(
                    weights + row, weightGradient + row, scoreGradient + row, first + query + 1, attention.scale)
            }
            products.addQueryGradient(
                scoreGradient, rows: block.count, positions: seen,
                to: queryGradient + block.lowerBound * attention.stride, stride: attention.stride)
            products.addTransposed(
                scoreGradient, rows: block.count, positions: seen, times: query(block, head: head),
                stride: attention.stride, to: keyGradient)
            products.addTransposed(
                weights, rows: block.count, positions: seen, times: upstream, stride: upstreamStride,
                to: valueGradient)
        }

        /// Adds the segment's own part of the gradients of keys and values to `gradient`, and leaves its ancestors' part,
        /// (positions, key and value), at `debt`.
        func handOver(_ gradient: UnsafeMutablePointer<Float>, debt: UnsafeMutablePointer<Float>) {
            let own = plan.segments[segment]
            for position in 0..<own.position {
                let target = debt + position * 2 * size
                target.update(from: keyGradient + position * size, count: size)
                (target + size).update(from: valueGradient + position * size, count: size)
            }
            for (offset, row) in own.rows.enumerated() {
                let target = gradient + row * attention.stride + keyHead * size
                let place = (own.position + offset) * size
                kernel_add(keyGradient + place, target + attention.keyColumn, size)
                kernel_add(valueGradient + place, target + attention.valueColumn, size)
            }
        }
    }
}
