internal import ArgumentParser

/// `pipeline doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at everything outside the program that a run depends on.")

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var threadOptions: ThreadOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let diagnosis = Doctor(storeOptions: storeOptions, threads: threadOptions.count).examine()
        if output.json {
            try Console.print(json: diagnosis.json)
        } else {
            for line in diagnosis.lines { try Console.print(line) }
        }
        if diagnosis.status != .success { throw Failure(diagnosis.status, "a run would fail here") }
    }
}
