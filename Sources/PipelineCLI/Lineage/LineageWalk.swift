/// Something beside a node of a lineage, and how to go on from it.
struct LineageNeighbour<Item> {
    /// What the parent of the two is to the child.
    var role: String
    /// Equal for the same thing, however it was reached.
    var name: String
    /// Nil where nothing is behind it.
    var item: Item?
    var node: () -> LineageNode
}

/// Follows lineage step by step, until there is no more or enough is found.
struct LineageWalk {
    let direction: LineageDirection
    /// How many steps to follow.
    var depth = Int.max
    /// No further step is taken from this many nodes on.
    var limit = Int.max

    /// - Parameter root: where it begins; its role says nothing.
    func graph<Item>(
        from root: LineageNeighbour<Item>, neighbours: (Item) throws -> [LineageNeighbour<Item>]
    ) rethrows -> LineageGraph {
        var graph = LineageGraph(direction)
        var open: [(node: Int, item: Item)] = []
        func enter(_ neighbour: LineageNeighbour<Item>) -> Int {
            let (position, isNew) = graph.node(neighbour.name, neighbour.node)
            if isNew, let item = neighbour.item { open.append((position, item)) }
            return position
        }
        _ = enter(root)
        var steps = 0
        while !open.isEmpty {
            let current = open
            if steps == depth {
                let beyond = Set(try current.flatMap { try neighbours($0.item).map(\.name) }).filter {
                    !graph.has($0)
                }
                graph.cut = beyond.isEmpty ? nil : .depth(depth, beyond: beyond.count)
                break
            }
            if graph.nodes.count >= limit {
                graph.cut = .size(open: current.count)
                break
            }
            steps += 1
            open = []
            for (node, item) in current {
                for neighbour in try neighbours(item) {
                    let found = enter(neighbour)
                    graph.connect(node, to: found, as: neighbour.role)
                }
            }
        }
        return graph
    }
}
