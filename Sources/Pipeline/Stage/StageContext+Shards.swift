public import Artifacts

extension StageContext {
    /// Computes a row list of `items` items shard by shard, and keeps each finished shard in staging, so that a killed
    /// run computes none of them again.
    ///
    /// The rows of the shards are joined in order. For the result not to depend on the shard size, `compute` must give
    /// for a range what it would give for each of its items alone, joined.
    /// - Parameters:
    ///   - name: tells several lists of one stage apart; part of the file names in staging.
    ///   - compute: the rows of a range of items.
    /// - Throws: `CancellationError` between shards when the run is being stopped; whatever `compute` throws.
    public func shards<R: Record>(
        _ name: String, of type: R.Type, items: Int, compute: (Range<Int>) async throws -> [R]
    ) async throws -> [R] {
        let list = try ShardList<R>(name: name, items: items, size: execution.shardSize, staging: staging)
        var shards = [[R]](repeating: [], count: list.count)
        for position in 0..<list.count {
            let index = execution.reversesShards ? list.count - 1 - position : position
            if let finished = try list.finished(index) {
                shards[index] = finished
                report(.shardDone(shardReport(list, index, rows: finished.count, wasKept: true)))
                continue
            }
            try checkCancellation()
            let computed = try await ShardScope.$isInsideShard.withValue(true) {
                try await compute(list.range(index))
            }
            try list.publish(computed, index)
            shards[index] = computed
            report(.shardDone(shardReport(list, index, rows: computed.count, wasKept: false)))
        }
        return shards.flatMap(\.self)
    }

    private func shardReport<R: Record>(_ list: ShardList<R>, _ index: Int, rows: Int, wasKept: Bool) -> ShardReport {
        ShardReport(
            stage: stageName, list: list.name, index: index, count: list.count, rows: rows, wasKept: wasKept)
    }
}
