internal import Artifacts

/// Which way lineage is followed.
enum LineageDirection: String {
    /// To what something was made from.
    case up
    /// To what was made from it.
    case down
}

/// A row, an artifact or a source in a lineage.
struct LineageNode {
    /// What it is: `candidate 418541aacc95b760b837`.
    var title: String
    /// Where it is: `row 7 of m2.candidates.candidates`.
    var place: String
    /// What is in it, for reading.
    var texts: [String] = []
    var json: [String: JSONValue]
}

/// What something came from, or what came from it: nodes with roles between them. No way leads back.
struct LineageGraph {
    struct Edge: Hashable {
        /// The node nearer to the root, and the one beyond.
        var near: Int
        var far: Int
        /// What the parent is to the child: `prompt`.
        var role: String
    }

    let direction: LineageDirection
    /// The first one is the root.
    private(set) var nodes: [LineageNode] = []
    private(set) var edges: [Edge] = []
    private var connected: Set<Edge> = []
    /// Why not everything was followed, and how much was left; nil where everything was.
    enum Cut: Equatable {
        /// So many steps were asked for, and one more leads to so many further nodes.
        case depth(Int, beyond: Int)
        /// So many nodes were found and not followed further.
        case size(open: Int)
    }

    var cut: Cut?
    private var positions: [String: Int] = [:]

    init(_ direction: LineageDirection) { self.direction = direction }

    /// The position of the node called `name`, which is made where there is none yet.
    mutating func node(_ name: String, _ make: () -> LineageNode) -> (position: Int, isNew: Bool) {
        if let known = positions[name] { return (known, false) }
        nodes.append(make())
        positions[name] = nodes.count - 1
        return (nodes.count - 1, true)
    }

    /// Whether there is a node called `name`.
    func has(_ name: String) -> Bool { positions[name] != nil }

    mutating func connect(_ near: Int, to far: Int, as role: String) {
        let edge = Edge(near: near, far: far, role: role)
        if connected.insert(edge).inserted { edges.append(edge) }
    }

    var json: JSONValue {
        let isUp = direction == .up
        return [
            "schema": "pipeline.lineage/1", "direction": .string(direction.rawValue), "root": 0,
            "complete": .bool(cut == nil), "cut": cut?.json ?? .null,
            "nodes": .array(
                nodes.enumerated().map { number, node in
                    .object(node.json.merging(["node": .integer(Int64(number))]) { first, _ in first })
                }),
            "edges": .array(
                edges.map { edge in
                    [
                        "parent": .integer(Int64(isUp ? edge.far : edge.near)),
                        "child": .integer(Int64(isUp ? edge.near : edge.far)), "role": .string(edge.role),
                    ]
                }),
        ]
    }

    /// A Mermaid flow chart, from parents to children.
    var mermaid: [String] {
        var lines = ["flowchart TD"]
        for (number, node) in nodes.enumerated() {
            lines.append("    node\(number)[\"\(Self.label(node.title))<br/>\(Self.label(node.place))\"]")
        }
        for edge in edges {
            let (parent, child) = direction == .up ? (edge.far, edge.near) : (edge.near, edge.far)
            lines.append("    node\(parent) -->|\(Self.label(edge.role))| node\(child)")
        }
        return lines
    }

    /// Text that ends no label and is no mark-up; Mermaid has entities of its own.
    private static func label(_ text: String) -> String {
        let marks: [Character: String] = [
            "\"": "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "|": "#124;", "\n": " ",
        ]
        return DisplayText.harmless(text).map { marks[$0] ?? String($0) }.joined()
    }
}

extension LineageGraph.Cut {
    fileprivate var json: JSONValue {
        switch self {
        case .depth(let depth, let beyond):
            ["by": "depth", "depth": .integer(Int64(depth)), "beyond": .integer(Int64(beyond))]
        case .size(let open): ["by": "size", "not_followed": .integer(Int64(open))]
        }
    }
}
