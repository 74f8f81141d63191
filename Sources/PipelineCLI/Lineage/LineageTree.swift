/// Sets a lineage as a tree. Each node stands once: upwards where it is nearest to the root, downwards behind the first
/// thing that led to it.
struct LineageTree {
    private let graph: LineageGraph
    private let marks: Marks
    private let columns: Int
    private let isFull: Bool
    /// What stands below each node.
    private var branches: [Int: [LineageGraph.Edge]] = [:]

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
        switch graph.direction {
        case .up: growByNearness(edges, &seen)
        case .down: grow(from: 0, edges, &seen)
        }
    }

    private mutating func growByNearness(_ edges: [Int: [LineageGraph.Edge]], _ seen: inout Set<Int>) {
        var open = [0]
        while !open.isEmpty {
            var next: [Int] = []
            for node in open {
                for edge in edges[node] ?? [] where seen.insert(edge.far).inserted {
                    branches[node, default: []].append(edge)
                    next.append(edge.far)
                }
            }
            open = next
        }
    }

    private mutating func grow(from node: Int, _ edges: [Int: [LineageGraph.Edge]], _ seen: inout Set<Int>) {
        for edge in edges[node] ?? [] where seen.insert(edge.far).inserted {
            branches[node, default: []].append(edge)
            grow(from: edge.far, edges, &seen)
        }
    }

    var lines: [String] { graph.nodes.isEmpty ? [] : lines(of: 0, role: nil, indent: 0) }

    /// A node's head, its texts and what stands below it.
    private func lines(of number: Int, role: String?, indent: Int) -> [String] {
        let node = graph.nodes[number]
        let below = shortened(branches[number] ?? [])
        let margin = below.isEmpty ? "   " : marks.line
        // Downwards the parent is something to the child: `as demonstration: prompt 6dc2…`.
        let prefix = role.map { graph.direction == .up ? "\($0): " : "as \($0): " } ?? ""
        var lines = [DisplayText.harmless("\(prefix)\(node.title), \(node.place)").replacing("\n", with: " ")]
        for text in node.texts { lines += wrapped(text, to: columns - indent - 3).map { margin + $0 } }
        for (position, branch) in below.enumerated() {
            let isLast = position == below.count - 1
            let own = branch.edge.map { self.lines(of: $0.far, role: $0.role, indent: indent + 3) } ?? [branch.rest]
            lines += own.enumerated().map { offset, line in
                (offset > 0 ? (isLast ? "   " : marks.line) : isLast ? marks.last : marks.next) + line
            }
        }
        return lines.map { line in line.last == " " ? String(line.reversed().drop { $0 == " " }.reversed()) : line }
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

    /// A node, or how many more there are like the last ones.
    private struct Branch {
        var edge: LineageGraph.Edge?
        var rest = ""
    }

    /// The first few nodes of each role.
    private func shortened(_ edges: [LineageGraph.Edge]) -> [Branch] {
        var counts: [String: Int] = [:]
        let shown = edges.filter { edge in
            counts[edge.role, default: 0] += 1
            return counts[edge.role, default: 0] <= Self.shown
        }
        let rest = counts.filter { $0.value > Self.shown }.sorted { $0.key < $1.key }
        return shown.map { Branch(edge: $0) }
            + rest.map { Branch(rest: "\($0.key): … and \($0.value - Self.shown) more; '--format json' has all") }
    }
}
