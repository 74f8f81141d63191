/// Which rows each segment of a batch attends to. Depends on the batch alone.
package struct AttentionPlan: Sendable {
    /// Rows that follow one another both in the batch and in position.
    package struct Run: Sendable, Hashable {
        package var row: Int
        package var count: Int
        package var position: Int
    }

    package let segments: [PackedBatch.Segment]
    /// For each segment, the rows of its ancestors, from position 0 on.
    package let ancestors: [[Run]]
    /// For each segment, the segments that have it as an ancestor, in order.
    package let descendants: [[Int]]
    /// The segments, those with most work first.
    package let longestFirst: [Int]
    /// Before which row of the ancestors' scratch gradients each segment's own begin.
    package let scratchRows: [Int]
    package let scratchRowCount: Int
    /// Longest context: 1 + the largest position.
    package let depth: Int

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
        var scratchRows: [Int] = []
        var scratch = 0
        for segment in segments {
            scratchRows.append(scratch)
            scratch += segment.position
        }
        /// Products of a query and a position, twice.
        func cost(_ segment: PackedBatch.Segment) -> Int {
            segment.rows.count * (2 * segment.position + segment.rows.count)
        }
        self.segments = segments
        self.ancestors = ancestors
        self.descendants = descendants
        longestFirst = segments.indices.sorted { (cost(segments[$1]), $0) < (cost(segments[$0]), $1) }
        self.scratchRows = scratchRows
        scratchRowCount = scratch
        depth = batch.depth
    }

    /// Floats from one row of scores to the next: room for whole panels, and an odd number of vectors, which keeps
    /// consecutive rows out of the same cache set.
    static func scoreStride(_ positions: Int) -> Int { (positions + 63) / 64 * 64 + 16 }
}
