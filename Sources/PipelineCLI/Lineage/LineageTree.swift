/// Sets a lineage as a tree. Each node stands once: upwards where it is nearest to the root, downwards behind the first
/// thing that led to it. Where another way leads to it, there is its name, and whether it stands above or below.
struct LineageTree {
    private let graph: LineageGraph
    private let marks: Marks
    private let columns: Int
    private let isFull: Bool
    /// What stands below each node.
    private var branches: [Int: [Branch]] = [:]
    /// The nodes that stand in the tree: of many of one role there are some that do not.
    private var standing: Set<Int> = []

    /// Nodes of one role that are shown at one place.
    private static let shown = 8
    private static let linesOfText = 3
    /// What a text may begin with; see `RowSummary`.
    private static let textMarks = [RowSummary.verdictMark, RowSummary.replyMark]

    private struct Marks {
        var next = "├─ ", last = "└─ ", line = "│  "

        static let ascii = Marks(next: "|- ", last: "`- ", line: "|  ")
    }

    /// - Parameter isFull: whether texts are shown whole, with their line ends.
    init(_ graph: LineageGraph, columns: Int, usesUnicode: Bool, isFull: Bool) {
        self.graph = graph
        self.columns = columns
        self.isFull = isFull
        marks = usesUnicode ? Marks() : .ascii
        let edges = Dictionary(grouping: graph.edges, by: \.near)
        var seen: Set<Int> = [0]
        var grown: [Int: [Twig]] = [:]
        switch graph.direction {
        case .up: Self.growByNearness(edges, &seen, &grown)
        case .down: Self.grow(from: 0, edges, &seen, &grown)
        }
        branches = grown.mapValues(Self.shortened)
        var open = graph.nodes.isEmpty ? [] : [0]
        while let node = open.popLast() {
            standing.insert(node)
            for case .node(let edge) in branches[node] ?? [] { open.append(edge.far) }
        }
    }

    /// A way from one node to another, and whether the other one stands there.
    private struct Twig {
        var edge: LineageGraph.Edge
        var isFirst: Bool
    }

    private static func growByNearness(
        _ edges: [Int: [LineageGraph.Edge]], _ seen: inout Set<Int>, _ grown: inout [Int: [Twig]]
    ) {
        var open = [0]
        while !open.isEmpty {
            var next: [Int] = []
            for node in open {
                for edge in edges[node] ?? [] {
                    let isFirst = seen.insert(edge.far).inserted
                    grown[node, default: []].append(Twig(edge: edge, isFirst: isFirst))
                    if isFirst { next.append(edge.far) }
                }
            }
            open = next
        }
    }

    private static func grow(
        from node: Int, _ edges: [Int: [LineageGraph.Edge]], _ seen: inout Set<Int>, _ grown: inout [Int: [Twig]]
    ) {
        for edge in edges[node] ?? [] {
            let isFirst = seen.insert(edge.far).inserted
            grown[node, default: []].append(Twig(edge: edge, isFirst: isFirst))
            if isFirst { grow(from: edge.far, edges, &seen, &grown) }
        }
    }

    var lines: [String] {
        var drawn: Set<Int> = []
        return graph.nodes.isEmpty ? [] : lines(of: 0, role: nil, indent: 0, drawn: &drawn)
    }

    /// A node's head, its texts and what stands below it.
    /// - Parameter drawn: the nodes that stand further up.
    private func lines(of number: Int, role: String?, indent: Int, drawn: inout Set<Int>) -> [String] {
        drawn.insert(number)
        let node = graph.nodes[number]
        let below = branches[number] ?? []
        let margin = below.isEmpty ? "   " : marks.line
        var lines = [head(node, role: role, place: ", \(node.place)")]
        for text in node.texts { lines += wrapped(text, to: columns - indent - 3).map { margin + $0 } }
        for (position, branch) in below.enumerated() {
            let isLast = position == below.count - 1
            let own: [String]
            switch branch {
            case .node(let edge): own = self.lines(of: edge.far, role: edge.role, indent: indent + 3, drawn: &drawn)
            case .again(let edge):
                let place = drawn.contains(edge.far) ? "above" : standing.contains(edge.far) ? "below" : "not shown"
                own = [head(graph.nodes[edge.far], role: edge.role, place: " (\(place))")]
            case .rest(let text): own = [text]
            }
            lines += own.enumerated().map { offset, line in
                (offset > 0 ? (isLast ? "   " : marks.line) : isLast ? marks.last : marks.next) + line
            }
        }
        return lines.map { line in line.last == " " ? String(line.reversed().drop { $0 == " " }.reversed()) : line }
    }

    /// Downwards the parent is something to the child: `as demonstration: prompt 6dc2…`.
    private func head(_ node: LineageNode, role: String?, place: String) -> String {
        let prefix = role.map { graph.direction == .up ? "\($0): " : "as \($0): " } ?? ""
        return DisplayText.harmless("\(prefix)\(node.title)\(place)").replacing("\n", with: " ")
    }

    /// The beginning of a text on one line or a few, unless all of it is wanted; what follows a mark is set behind it.
    private func wrapped(_ text: String, to columns: Int) -> [String] {
        let mark = Self.textMarks.first { text.hasPrefix($0) } ?? ""
        let columns = max(30, columns) - mark.count
        let lines = unmarked(DisplayText.harmless(String(text.dropFirst(mark.count))), to: columns)
        return lines.enumerated().map { number, line in
            (number == 0 ? mark : String(repeating: " ", count: mark.count)) + line
        }
    }

    private func unmarked(_ text: String, to columns: Int) -> [String] {
        if isFull { return DisplayText.wrap(text, to: columns) }
        let lines = DisplayText.wrap(text.split(whereSeparator: \.isWhitespace).joined(separator: " "), to: columns)
        guard lines.count > Self.linesOfText else { return lines }
        let last = DisplayText.clip(lines[Self.linesOfText - 1] + " …", to: columns)
        return lines.prefix(Self.linesOfText - 1) + [last.hasSuffix("…") ? last : last + "…"]
    }

    private enum Branch {
        case node(LineageGraph.Edge)
        /// A node that stands elsewhere.
        case again(LineageGraph.Edge)
        /// How many more there are of one role.
        case rest(String)
    }

    /// The first few nodes of each role.
    private static func shortened(_ twigs: [Twig]) -> [Branch] {
        var counts: [String: Int] = [:]
        let shown = twigs.filter { twig in
            counts[twig.edge.role, default: 0] += 1
            return counts[twig.edge.role, default: 0] <= Self.shown
        }
        let rest = counts.filter { $0.value > Self.shown }.sorted { $0.key < $1.key }
        return shown.map { $0.isFirst ? .node($0.edge) : .again($0.edge) }
            + rest.map { .rest("\($0.key): … and \($0.value - Self.shown) more; '--format json' has all") }
    }
}
