internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Pipeline

/// `pipeline lock`.
struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Write down what every stage came to, for 'run --locked' to demand.",
        discussion: """
            The lockfile lies beside the pipeline file: iter3.yaml gets iter3.lock.json, to be committed with it. It names \
            the key of each stage, what the key is made of, and the digest of each output. The store keeps what it names \
            (gc) as long as the file is there.
            """)

    @Argument(help: ArgumentHelp("The pipeline file.", valueName: "file"))
    var file: String
    @Flag(help: "Compare with the lockfile that is there, and write nothing; ends with 14 where they differ.")
    var check = false
    @OptionGroup var overlay: OverlayOptions
    @OptionGroup var strictOptions: StrictOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let plan = try overlay.load(file)
        let lockFile = LockFile(of: file)
        let old = check ? try lockFile.read() : nil
        let store = try storeOptions.open()
        let forecast = try PlanForecast(plan: plan, store: store, strictness: strictOptions.strictness())
        if let old {
            try LockFile.demand(old, plan, forecast)
            if let stage = forecast.stages.first(where: { $0.record == nil }) {
                throw Failure(.lockMismatch, "stage '\(stage.name)' has no result here to compare: \(stage.reason)")
            }
        } else {
            let lock = try PlanLock(plan: plan, forecast: forecast, program: ProgramVersion.text)
            let path = lockFile.url.standardizedFileURL.path(percentEncoded: false)
            try lockFile.write(lock.text())
            try store.pin(StorePin(name: path, keys: lock.stages.map(\.key), lockfile: path))
        }
        let stages = Quantities.count(forecast.stages.count, "stage")
        if output.json {
            try Console.print(json: [
                "schema": "pipeline.locked/1", "lockfile": .string(lockFile.path), "written": .bool(!check),
                "stages": .integer(Int64(forecast.stages.count)),
            ])
        } else {
            try Console.print(
                check ? "\(stages) as locked in '\(lockFile.path)'" : "locked \(stages) in '\(lockFile.path)'")
        }
    }
}

/// The lockfile of a pipeline file.
struct LockFile {
    /// As the user would name it.
    let path: String
    var url: URL { URL(filePath: path) }

    /// `iter3.lock.json` for `iter3.yaml`.
    init(of file: String) {
        let stem =
            ["yaml", "yml"].first { file.hasSuffix("." + $0) }.map { file.dropLast($0.count + 1) } ?? file[...]
        path = stem + ".lock.json"
    }

    /// - Throws: `CommandError.noLockFile`; `PipelineError.badLock`.
    func read() throws -> PlanLock {
        guard FileManager.default.fileExists(atPath: path) else { throw CommandError.noLockFile(path) }
        return try PlanLock(bytes: Data(contentsOf: url), path: path)
    }

    /// Puts it in the place of an older one, in one step.
    /// - Throws: `CommandError.lockFileUnwritable`.
    func write(_ text: String) throws {
        do {
            try Data(text.utf8).write(to: url, options: .atomic)
        } catch let error as CocoaError {
            throw CommandError.lockFileUnwritable(path, reason: Failure.reason(of: error))
        }
    }

    /// - Throws: `Failure` with status 14 where the plan is known not to be as locked.
    static func demand(_ lock: PlanLock, _ plan: PipelinePlan, _ forecast: PlanForecast) throws {
        let mismatches = lock.mismatches(plan, forecast)
        guard let first = mismatches.first else { return }
        let rest = mismatches.count - 1
        let others = rest > 0 ? "; \(Quantities.count(rest, "stage")) more" : ""
        throw Failure(.lockMismatch, "not as locked: \(first)\(others); nothing was run")
    }
}
