/// Which rows each segment of a batch attends to, and how that is divided into tasks. Depends on the batch alone.
package struct AttentionPlan: Sendable {
    /// Rows that follow one another both in the batch and in position.
    package struct Run: Sendable, Hashable {
        package var row: Int
        package var count: Int
        package var position: Int
    }

    /// A block of consecutive rows of one segment whose queries are handled together.
    package struct QueryBlock: Sendable, Hashable {
        package var segment: Int
        package var row: Int
        package var count: Int
    }

    /// Queries handled together: a multiple of the six rows of a register tile, small enough for the scores to stay
    /// in the second-level cache.
    static let queryBlock = 48

    package let segments: [PackedBatch.Segment]
    /// For each segment, the rows of its ancestors, from position 0 on.
    package let ancestors: [[Run]]
    /// For each segment, the segments that have it as an ancestor, in order.
    package let descendants: [[Int]]
    /// The forward pass's tasks, the longest first.
    package let queryBlocks: [QueryBlock]
    /// The backward pass's tasks, the longest first.
    package let backwardOrder: [Int]
    /// Before which row of the ancestors' scratch gradients each segment's own begin.
    package let scratchRows: [Int]
    package let scratchRowCount: Int
    /// Rows of the batch.
    package let rows: Int
    /// Longest context: 1 + the largest position.
    package let depth: Int
    /// Floats from one row of transposed keys to the next. Whole vectors may be read past the last row, and an odd
    /// number of vectors keeps consecutive rows out of the same cache set.
    package let columnStride: Int
    /// Floats from one row of scores to the next, chosen likewise.
    package let scoreStride: Int

    package init(_ batch: PackedBatch) {
        let segments = batch.segments
        var ancestors: [[Run]] = []
        var descendants = [[Int]](repeating: [], count: segments.count)
        for (index, segment) in segments.enumerated() {
            guard let parent = segment.parent else {
                ancestors.append([])
                continue
            }
            let above = segments[parent]
            var runs = ancestors[parent]
            if let last = runs.last, last.row + last.count == above.rows.lowerBound {
                runs[runs.count - 1].count += above.rows.count
            } else {
                runs.append(Run(row: above.rows.lowerBound, count: above.rows.count, position: above.position))
            }
            ancestors.append(runs)
            var current: Int? = parent
            while let ancestor = current {
                descendants[ancestor].append(index)
                current = segments[ancestor].parent
            }
        }
        var blocks: [QueryBlock] = []
        var scratchRows: [Int] = []
        var scratch = 0
        for (index, segment) in segments.enumerated() {
            for row in stride(from: segment.rows.lowerBound, to: segment.rows.upperBound, by: Self.queryBlock) {
                blocks.append(
                    QueryBlock(segment: index, row: row, count: min(Self.queryBlock, segment.rows.upperBound - row)))
            }
            scratchRows.append(scratch)
            scratch += segment.position
        }
        func cost(_ block: QueryBlock) -> Int {
            let segment = segments[block.segment]
            return block.count * (segment.position + block.row - segment.rows.lowerBound + block.count)
        }
        func cost(_ segment: PackedBatch.Segment) -> Int {
            segment.rows.count * (2 * segment.position + segment.rows.count)
        }
        self.segments = segments
        self.ancestors = ancestors
        self.descendants = descendants
        queryBlocks = blocks.sorted { (cost($1), $0.row) < (cost($0), $1.row) }
        backwardOrder = segments.indices.sorted { (cost(segments[$1]), $0) < (cost(segments[$0]), $1) }
        self.scratchRows = scratchRows
        scratchRowCount = scratch
        rows = batch.rows
        depth = batch.depth
        columnStride = Self.oddStride(batch.rows)
        scoreStride = Self.oddStride(batch.depth)
    }

    /// The smallest odd multiple of 16 that leaves at least 16 floats past `count`.
    private static func oddStride(_ count: Int) -> Int {
        ((count + 15) / 16 + 1) / 2 * 32 + 16
    }
}
