internal import ArgumentParser
internal import Artifacts

/// `pipeline diff`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say in what two runs, or two artifacts, differ, and why.",
        discussion: """
            A run is named by its id, by how that begins, or as 'latest'; an artifact as everywhere. Without --params, \
            --rows or --metrics: which stages differ, why, and in which outputs.
            """)

    @Argument(help: ArgumentHelp("A run or an artifact.", valueName: "first"))
    var first: String
    @Argument(help: ArgumentHelp("What to compare it with.", valueName: "second"))
    var second: String
    @Flag(help: "Compare parameters.")
    var params = false
    @Flag(help: "Compare rows by id: added, removed, changed.")
    var rows = false
    @Flag(help: "Compare measurements, side by side.")
    var metrics = false
    @Flag(help: "Exit with 10 if they differ in what was compared, or cannot be compared.")
    var exitCode = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let store = try storeOptions.open()
        let report = try DifferenceReport(comparison(in: store), sections: sections, in: store)
        if output.json {
            try Console.print(json: report.json)
        } else {
            for line in DifferenceText(report: report).lines { try Console.print(line) }
        }
        if exitCode, !report.isKnownSame { throw Failure(.outOfDate) }
    }

    private func comparison(in store: ArtifactStore) throws -> Comparison {
        switch (RunReference.isLikely(first), RunReference.isLikely(second)) {
        case (true, true):
            return try Comparison(RunReference(first, in: store), RunReference(second, in: store), in: store)
        case (false, false):
            let lookup = ArtifactLookup(store: store)
            return try Comparison(lookup.one(first), lookup.one(second), in: store)
        default: throw CommandError.unlikeThings(first, second)
        }
    }

    private var sections: Set<DifferenceReport.Section> {
        var sections: Set<DifferenceReport.Section> = []
        if params { sections.insert(.parameters) }
        if rows { sections.insert(.rows) }
        if metrics { sections.insert(.metrics) }
        return sections.isEmpty ? [.stages] : sections
    }
}
