internal import ArgumentParser
internal import Artifacts
internal import Foundation

/// `pipeline report`.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Write a page that shows what a run did and what came of it.",
        discussion: """
            The page is one HTML file that needs no network: what rose and fell from model to model, with intervals; \
            the stages; what became of the data; scores, trainings, judging, comparisons, lengths; pairs to read; \
            warnings; how to repeat it. What the run did not measure is left out, or named with the stage that would.
            A run is named by its id, by how that begins, or as 'latest'. Further runs, of the same pipeline with \
            other seeds, add the mean and the spread of every measurement.
            --json, --csv and --tensorboard give the same numbers to programs; the page is then written only if --out \
            or --open asks for it. An earlier report is replaced, any other file is not.
            """)

    @Argument(help: ArgumentHelp("The run, and others with other seeds; without it, the newest.", valueName: "run"))
    var runs: [String] = []
    @Option(
        help: ArgumentHelp(
            "The page to write; without it, 'report-RUN.html' in the working folder.", valueName: "file"))
    var out: String?
    @Flag(help: "Open the page in the browser.")
    var open = false
    @Option(help: ArgumentHelp("Write a CSV file a table into this folder, new or empty.", valueName: "dir"))
    var csv: String?
    @Option(
        help: ArgumentHelp(
            "Write TensorBoard's event files, a folder a model, into this folder, new or empty.", valueName: "dir"))
    var tensorboard: String?
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        if out?.isEmpty == true { throw ValidationError("--out is empty; name a file") }
    }

    func run() async throws {
        let store = try storeOptions.open()
        let names = runs.isEmpty ? [RunReference.latest] : runs
        let readers = try names.map { try StoryReader($0, in: store) }
        guard let story = try readers.first?.story() else { return }
        let spread = readers.count > 1 ? try RunSpread(readers.map { ($0.run(), $0.figures) }) : nil
        if let csv {
            let tables = story.tables + (spread.map { [$0.table] } ?? [])
            try WholeFile.makeFolder(csv) { try TableFile.write(tables, in: $0) }
            Console.note("wrote tables to '\(csv)'")
        }
        if let tensorboard {
            let events = EventFolder(story: story)
            try WholeFile.makeFolder(tensorboard) { try events.write(in: $0) }
            Console.note(
                events.files.isEmpty
                    ? "'\(tensorboard)' is empty: this run trained no model, and measured none"
                    : "wrote event files to '\(tensorboard)'")
        }
        if out != nil || open || csv == nil && tensorboard == nil && !output.json {
            let page = ReportPage(story: story, spread: spread, storeArguments: storeOptions.arguments)
            try write(page.text, to: out ?? "report-\(story.run.id).html")
        }
        if output.json { try Console.print(json: story.json(spread)) }
    }

    private func write(_ page: String, to path: String) throws {
        let file = URL(filePath: path, directoryHint: .notDirectory)
        if FileManager.default.fileExists(atPath: path) {
            let start = try? FileHandle(forReadingFrom: file).read(upToCount: ReportPage.beginning.utf8.count)
            guard start == Data(ReportPage.beginning.utf8) else { throw CommandError.notAReport(path) }
        }
        try Data(page.utf8).write(to: file, options: .atomic)
        Console.note("wrote '\(path)'")
        if open { Self.show(file) }
    }

    /// With the program that the desktop opens pages with. That there is none spoils nothing.
    private static func show(_ file: URL) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["xdg-open", file.absoluteURL.path(percentEncoded: false)]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return Console.note("cannot open a browser here; open the file yourself") }
        process.waitUntilExit()
        if process.terminationStatus != 0 { Console.note("cannot open a browser here; open the file yourself") }
    }
}
