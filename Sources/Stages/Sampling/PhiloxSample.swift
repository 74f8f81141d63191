internal import Model

extension Philox {
    /// `count` of the elements without replacement, in the order drawn; all of them when there are fewer.
    mutating func sample<Element>(_ count: Int, of elements: [Element]) -> [Element] {
        var pool = elements
        let wanted = min(count, pool.count)
        for position in 0..<wanted {
            pool.swapAt(position, position + below(pool.count - position))
        }
        return Array(pool.prefix(wanted))
    }
}
