internal import ArgumentParser
internal import Artifacts

/// `pipeline compare`.
struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Show what several runs came to, side by side.",
        discussion: """
            A run is named by its id, by how that begins, or as 'latest'; without names, all finished runs of the \
            store are compared whose results are still there, the oldest first. They are called by what they were \
            given beside the pipeline: overlays and settings. Up to \(RunComparison.mostColumns) runs have a column \
            each; more have a line each, under shorter headings and without intervals and counts, which --json has. \
            `diff` says in what two runs differ, and why.
            """)

    @Argument(help: ArgumentHelp("The runs.", valueName: "run"))
    var runs: [String] = []
    @Option(
        help: ArgumentHelp("The model to show of each; without it, the last that a run trained.", valueName: "name"))
    var model: String?
    @Flag(help: "Show a line a run, also of few runs.")
    var transpose = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let store = try storeOptions.open()
        let names = runs.isEmpty ? try finished(in: store) : runs
        let comparison = try RunComparison(names.map { try RunFigures($0, in: store) }, model: model)
        if output.json {
            try Console.print(json: comparison.json)
        } else {
            for line in comparison.lines(transposed: transpose) { try Console.print(line) }
        }
    }

    /// The runs that ended well and whose results were not collected, the oldest first.
    private func finished(in store: ArtifactStore) throws -> [String] {
        let known = Set(try store.artifacts().map(\.key))
        let done = try store.runs().map { PastRun($0, known: known) }.filter { $0.end == .done }
        let whole = done.filter(\.kept.gone.isEmpty)
        if whole.count < done.count {
            Console.note(
                "left out: \(Quantities.count(done.count - whole.count, "run")) whose results were collected")
        }
        guard !whole.isEmpty else { throw CommandError.unknownRun(nil) }
        return whole.map(\.id).reversed()
    }
}
