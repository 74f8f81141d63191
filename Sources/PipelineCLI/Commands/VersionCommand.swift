internal import ArgumentParser
internal import Artifacts
internal import Pipeline
internal import Stages

/// `pipeline version`.
struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of the program and of its stages.")

    @OptionGroup var output: JSONOption

    func run() async throws {
        let registry = StandardStages.registry
        let definitions = registry.kinds.compactMap { registry[$0] }
        if output.json {
            let stages = definitions.map { definition -> JSONValue in
                [
                    "kind": .string(definition.kind.rawValue), "version": .integer(Int64(definition.version)),
                    "numerics": .string(definition.numerics.description),
                ]
            }
            try Console.print(json: [
                "schema": "pipeline.version/1", "version": .string(ProgramVersion.text), "stages": .array(stages),
            ])
            return
        }
        try Console.print("pipeline \(ProgramVersion.text)\n")
        var table = TextTable([.left, .right, .left])
        table.add(["STAGE", "VERSION", "NUMERICS"])
        for definition in definitions {
            table.add([definition.kind.rawValue, "\(definition.version)", definition.numerics.description])
        }
        for line in table.lines() { try Console.print(line) }
    }
}
