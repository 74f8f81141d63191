internal import ArgumentParser
internal import Artifacts

/// `pipeline lineage`.
struct LineageCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case tree, json, mermaid }

    static let configuration = CommandConfiguration(
        commandName: "lineage", abstract: "Say what an artifact or a row came from, or what came from it.",
        discussion: """
            With --row the rows themselves are followed: from a preference pair to its prompt, the demonstrations \
            behind that, the two responses and what the judge said of them; or forward to the training that read it.
            """)

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String
    @Option(help: ArgumentHelp("Follow this row: \(RowSearch.help).", valueName: "row"))
    var row: String?
    @Flag(help: "Follow to what it came from; so without either.")
    var up = false
    @Flag(help: "Follow to what came from it.")
    var down = false
    @Option(help: ArgumentHelp("Follow so many steps.", valueName: "steps"))
    var depth: Int?
    @Option(help: "tree, json, or mermaid for pages that draw it.")
    var format: Format?
    @Flag(help: "Show whole texts, not how they begin (tree).")
    var full = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        if up, down { throw ValidationError("--up and --down exclude each other") }
        if let depth, depth < 1 { throw ValidationError("--depth is \(depth); it must be 1 or more") }
        if output.json, format != nil { throw ValidationError("--json and --format exclude each other") }
        if full, output.json || (format ?? .tree) != .tree { throw ValidationError("--full goes with --format tree") }
    }

    func run() async throws {
        let store = try storeOptions.open()
        let artifact = try ArtifactLookup(store: store).one(reference)
        let lineage = try lineage(of: artifact, in: ArtifactGraph(store: store))
        switch output.json ? .json : format ?? .tree {
        case .json: try Console.print(json: lineage.json)
        case .mermaid: for line in lineage.mermaid { try Console.print(line) }
        case .tree:
            let screen = Terminal.standardOutput
            let tree = LineageTree(
                lineage, columns: screen.isInteractive ? screen.size.columns : 100, usesUnicode: screen.usesUnicode,
                isFull: full)
            for line in tree.lines { try Console.print(line) }
        }
        if let note = note(about: artifact, lineage) { Console.note(note) }
    }

    private func lineage(of artifact: ArtifactListing, in graph: ArtifactGraph) throws -> LineageGraph {
        let direction: LineageDirection = down ? .down : .up
        guard let row else {
            return try ArtifactLineage(graph: graph, depth: depth ?? .max).lineage(of: artifact, direction)
        }
        let finder = RowFinder(graph: graph)
        return try RowLineage(finder: finder, depth: depth ?? .max)
            .lineage(of: finder.row(row, in: artifact), direction)
    }

    /// What a lineage of one node, or of less than all, leaves unsaid.
    private func note(about artifact: ArtifactListing, _ lineage: LineageGraph) -> String? {
        switch lineage.cut {
        case .depth(let depth, let beyond): return "\(beyond) more one step further; --depth \(depth + 1) shows them"
        case .size(let open):
            return "stopped at \(Quantities.count(lineage.nodes.count, "row")), and did not follow \(open) of them "
                + "further; --depth 2 shows what is near, --row with one of them what is behind it"
        case nil: break
        }
        guard lineage.nodes.count == 1 else { return nil }
        let words = ["lineage", reference] + (down ? ["--down"] : []) + storeOptions.arguments
        guard row != nil else { return down ? "nothing was made from it" : "its stage read nothing" }
        return
            (down ? "no row names this one" : "rows of \(artifact.reference.schema) name no rows that they came from")
            + "; this shows artifacts: \(Invocation.current.command(words))"
    }
}
