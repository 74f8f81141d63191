/// Which stages wait for which: a directed graph without cycles over the stages of a plan, by position.
public struct StageGraph: Sendable {
    public let names: [String]
    /// For each stage the stages whose outputs it reads, in ascending order, each once.
    public let dependencies: [[Int]]
    /// For each stage the stages that read its outputs, in ascending order.
    public let dependents: [[Int]]
    /// Every stage after those it waits for; among stages that could stand next, the first of the plan.
    public let order: [Int]
    private let positions: [String: Int]

    /// Stages that wait for each other, the first named again at the end: `a, b, a`.
    package struct Cycle: Error {
        package var path: [String]
    }

    /// - Parameter dependencies: for each name, names among `names`.
    /// - Throws: `Cycle`.
    package init(names: [String], dependencies: [[String]]) throws {
        self.names = names
        let positions = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
        self.positions = positions
        self.dependencies = dependencies.map { Set($0.compactMap { positions[$0] }).sorted() }
        var dependents = names.map { _ in [Int]() }
        for (position, before) in self.dependencies.enumerated() {
            for earlier in before { dependents[earlier].append(position) }
        }
        self.dependents = dependents
        order = Self.order(self.dependencies, dependents)
        if order.count < names.count {
            throw Cycle(path: Self.cycle(self.dependencies, outside: Set(order)).map { names[$0] })
        }
    }

    public func position(of name: String) -> Int? { positions[name] }

    /// `positions` and everything they need, directly or not.
    public func ancestors(of positions: some Sequence<Int>) -> Set<Int> {
        Self.closure(positions, dependencies)
    }

    /// `positions` and everything that needs them, directly or not.
    public func descendants(of positions: some Sequence<Int>) -> Set<Int> {
        Self.closure(positions, dependents)
    }

    private static func closure(_ start: some Sequence<Int>, _ edges: [[Int]]) -> Set<Int> {
        var found: Set<Int> = []
        var open = Array(start)
        while let next = open.popLast() {
            if found.insert(next).inserted { open += edges[next] }
        }
        return found
    }

    private static func order(_ dependencies: [[Int]], _ dependents: [[Int]]) -> [Int] {
        var waitsFor = dependencies.map(\.count)
        var ready = Set(waitsFor.indices.filter { waitsFor[$0] == 0 })
        var order: [Int] = []
        while let next = ready.min() {
            ready.remove(next)
            order.append(next)
            for later in dependents[next] {
                waitsFor[later] -= 1
                if waitsFor[later] == 0 { ready.insert(later) }
            }
        }
        return order
    }

    /// A cycle among the stages that no order holds, from the first stage of the plan that is on it.
    private static func cycle(_ dependencies: [[Int]], outside ordered: Set<Int>) -> [Int] {
        // Each such stage waits for another of them, so walking on must come back to a stage already seen.
        var path: [Int] = []
        var next = dependencies.indices.first { !ordered.contains($0) }
        while let current = next {
            if let start = path.firstIndex(of: current) {
                let loop = Array(path[start...])
                let first = loop.indices.min { loop[$0] < loop[$1] } ?? 0
                let turned = Array(loop[first...] + loop[..<first])
                return turned + [turned[0]]
            }
            path.append(current)
            next = dependencies[current].first { !ordered.contains($0) }
        }
        return path
    }
}
