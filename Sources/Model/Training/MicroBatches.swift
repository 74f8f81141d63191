/// Divides items, each one or more sequences that belong together, into packed batches of bounded size.
enum MicroBatches {
    /// Ranges of `items`, in order: as many items in each as fit `rowBudget` rows once common prompts are merged.
    ///
    /// An item that is larger by itself makes a batch of its own.
    static func ranges(of items: [[TargetedSequence]], rowBudget: Int) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        var tree = PrefixTree()
        for (index, item) in items.enumerated() {
            var larger = tree
            for sequence in item { larger.insert(sequence) }
            if larger.rowCount > rowBudget && index > start {
                result.append(start..<index)
                start = index
                larger = PrefixTree()
                for sequence in item { larger.insert(sequence) }
            }
            tree = larger
        }
        if start < items.count { result.append(start..<items.count) }
        return result
    }
}
