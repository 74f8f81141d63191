internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline graph`.
struct GraphCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case text, mermaid }

    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Show which stage reads what from which.")

    @Argument(help: ArgumentHelp("The pipeline file.", valueName: "file"))
    var file: String
    @Option(help: "text, or mermaid for pages that draw it.")
    var format = Format.text
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        if output.json, format != .text { throw ValidationError("--json and --format exclude each other") }
    }

    func run() async throws {
        let plan = try overlay.load(file)
        if output.json {
            try Console.print(json: GraphJSON.document(plan))
            return
        }
        for line in format == .text ? GraphText.lines(plan) : GraphText.mermaid(plan) { try Console.print(line) }
    }
}

/// A plan's graph as text.
enum GraphText {
    /// One line a stage in an order in which they could run, and below it what each input port reads.
    static func lines(_ plan: PipelinePlan) -> [String] {
        plan.graph.order.flatMap { position -> [String] in
            let stage = plan.stages[position]
            let outputs = stage.definition.outputs.map(\.name).joined(separator: ", ")
            let head = "\(stage.name)  (\(stage.kind)) → \(outputs)"
            return [head]
                + stage.connections.map { connection in
                    "    \(connection.port.name) ← \(connection.origins.map(\.description).joined(separator: ", "))"
                }
        }
    }

    /// A Mermaid flow chart: stages as boxes, sources as cylinders, ports on the arrows.
    static func mermaid(_ plan: PipelinePlan) -> [String] {
        var lines = ["flowchart TD"]
        let sources = plan.sources.map(\.name)
        for (number, source) in sources.enumerated() { lines.append("    source\(number)[(\"\(source)\")]") }
        for (position, stage) in plan.stages.enumerated() {
            lines.append("    stage\(position)[\"\(stage.name)<br/>\(stage.kind)\"]")
        }
        for (position, stage) in plan.stages.enumerated() {
            for connection in stage.connections {
                for origin in connection.origins {
                    guard let start = node(origin, plan: plan, sources: sources) else { continue }
                    lines.append("    \(start) -->|\(connection.port.name)| stage\(position)")
                }
            }
        }
        return lines
    }

    private static func node(_ origin: InputOrigin, plan: PipelinePlan, sources: [String]) -> String? {
        switch origin {
        case .output(let stage, _): plan.graph.position(of: stage).map { "stage\($0)" }
        case .source(let name): sources.firstIndex(of: name).map { "source\($0)" }
        }
    }
}

/// A plan's graph for programs.
enum GraphJSON {
    /// The stages in an order in which they could run.
    static func document(_ plan: PipelinePlan) -> JSONValue {
        [
            "schema": "pipeline.graph/1", "pipeline": .string(plan.name), "file": .string(plan.file),
            "sources": .array(plan.sources.map { ["name": .string($0.name), "path": .string($0.path)] }),
            "stages": .array(plan.graph.order.map { stage(plan.stages[$0]) }),
        ]
    }

    private static func stage(_ stage: PlannedStage) -> JSONValue {
        [
            "name": .string(stage.name), "stage": .string(stage.kind.rawValue),
            "inputs": .array(
                stage.connections.map { connection in
                    [
                        "port": .string(connection.port.name),
                        "from": .array(connection.origins.map { .string($0.description) }),
                    ]
                }),
            "outputs": .array(
                stage.definition.outputs.map { ["port": .string($0.name), "record": .string($0.schema)] }),
        ]
    }
}
