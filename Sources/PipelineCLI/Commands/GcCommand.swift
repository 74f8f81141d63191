internal import ArgumentParser
internal import Artifacts
internal import Foundation

/// `pipeline gc`.
struct GcCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove what no kept run, name, pin or lockfile needs.",
        discussion: """
            Without options the results of the newest 3 finished runs of each pipeline stay. Of runs that failed or were \
            interrupted after the oldest of these, the results of the latest stay too, so that the next run carries on \
            from them; the others count for nothing. What a name such as m3.pairs stands \
            for now always stays, and so does what was pinned (artifacts pin) or is demanded by a lockfile, with all that \
            it was made from. It waits for nothing: while a run is under way it ends with 15 and removes nothing.
            """)

    @Option(
        help: ArgumentHelp(
            "Keep the newest N finished runs of each pipeline, and the latest unfinished one.", valueName: "n"))
    var keepLast: Int?
    @Option(
        help: ArgumentHelp("Keep all runs that began within this time: 30s, 90m, 12h, 30d, 8w.", valueName: "time"),
        transform: Self.age)
    var keepWithin: TimeInterval?
    @Option(
        help: ArgumentHelp(
            "Keep nothing for this pipeline but pins and lockfiles; may be repeated.", valueName: "pipeline"))
    var forget: [String] = []
    @Flag(help: "Say what would go, and remove nothing.")
    var dryRun = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    private static let usualRuns = 3

    func validate() throws {
        if let keepLast, keepLast < 0 { throw ValidationError("--keep-last is \(keepLast); it must be 0 or more") }
    }

    func run() async throws {
        let store = try storeOptions.open()
        let known = try store.pipelines()
        if let name = forget.first(where: { !known.contains($0) }) {
            throw CommandError.unknownName(name, what: "pipeline", known: known)
        }
        let retention = Retention(runs: keepLast ?? (keepWithin == nil ? Self.usualRuns : 0), age: keepWithin)
        let plan =
            dryRun
            ? try store.collectionPlan(keeping: retention, forgetting: Set(forget))
            : try store.collect(keeping: retention, forgetting: Set(forget))
        let report = CollectionReport(plan: plan, wasDryRun: dryRun)
        if output.json {
            try Console.print(json: report.json)
        } else {
            for line in report.lines { try Console.print(line) }
        }
    }

    /// `30s`, `90m`, `12h`, `30d`, `8w`, in seconds.
    private static func age(_ text: String) throws -> TimeInterval {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Double(text.dropLast()), number > 0,
            number.isFinite
        else { throw ValidationError("'\(text)' is no time; write a number and s, m, h, d or w, as in 30d") }
        return number * unit
    }
}
