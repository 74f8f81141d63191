internal import ArgumentParser
internal import Artifacts
internal import Pipeline

/// `pipeline verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that the store holds what its records say.",
        discussion: """
            Without options it compares names, sizes, records and index, and changes none of them; --read-data reads \
            every byte as well. It ends with 12 where something is missing, damaged, misfiled, dangling or unreadable. Files that \
            no result names are listed and do no harm.
            """)

    @Flag(help: "Read every object and blob and compare it with its digest.")
    var readData = false
    @Option(
        help: ArgumentHelp("Read a random choice of the files, as with --read-data.", valueName: "percent"),
        transform: Percentage.share)
    var readDataSubset: Double?
    @Flag(help: "Move damaged files to 'quarantine' in the store, so that the next run makes them again.")
    var repair = false
    @Flag(help: "First make the index anew from the records, and say what that changed.")
    var rebuildIndex = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        if readData, readDataSubset != nil {
            throw ValidationError("--read-data and --read-data-subset exclude each other")
        }
    }

    func run() async throws {
        let (store, rebuild) =
            rebuildIndex
            ? try ArtifactStore.rebuildIndex(storeOptions.url) as (ArtifactStore, IndexRebuild?)
            : (try storeOptions.open(), nil)
        var generator = SystemRandomNumberGenerator()
        let verification: Verification
        if repair {
            let (found, repairs, left) = try store.repair(
                reading: share, generator: &generator, hasItsKey: StageKey.isKey)
            verification = Verification(rebuild: rebuild, found: found, repairs: repairs, left: left)
        } else {
            let report = try store.report(reading: share, generator: &generator, hasItsKey: StageKey.isKey)
            verification = Verification(rebuild: rebuild, found: report, repairs: [], left: report)
        }
        if output.json {
            try Console.print(json: verification.json)
        } else {
            for line in verification.lines + [conclusion(verification)] { try Console.print(line) }
        }
        if !verification.left.isSound { throw Failure(said: .integrity, "the store is not whole") }
    }

    private func conclusion(_ verification: Verification) -> String {
        let conclusion = verification.conclusion
        if verification.left.isSound { return conclusion }
        if verification.isIndexDamaged { return conclusion + "; make the index anew: " + command("--rebuild-index") }
        if repair { return conclusion + "; what is missing is made again when its pipeline runs" }
        guard verification.canBeRepaired else {
            return conclusion + "; run the pipeline: what is missing is made again"
        }
        return conclusion + "; put right what can be: " + command("--repair")
    }

    private func command(_ option: String) -> String {
        Invocation.current.command(
            ["verify", option] + (readData || readDataSubset != nil ? ["--read-data"] : []) + storeOptions.arguments)
    }

    private var share: VerifiedShare { readData ? .all : readDataSubset.map { .some($0) } ?? .none }
}
