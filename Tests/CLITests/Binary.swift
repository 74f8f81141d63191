import Foundation
import TestSupport
import Testing

/// The program as users have it: the executable that was built beside these tests.
struct Binary {
    struct Result {
        var status: Int32
        var stdout: String
        var stderr: String

        var stdoutLines: [Substring] { stdout.split(separator: "\n") }
        var stderrLines: [Substring] { stderr.split(separator: "\n") }

        /// The last line of stdout as JSON.
        func json() throws -> [String: Any] { try Self.object(stdoutLines.last) }

        /// The last line of stderr as JSON.
        func errorJSON() throws -> [String: Any] { try Self.object(stderrLines.last) }

        private static func object(_ line: Substring?) throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data((line ?? "").utf8))
            return value as? [String: Any] ?? [:]
        }

        /// Ends the test where the program failed.
        func requireSuccess() throws { try #require(status == 0, "\(stdout)\(stderr)") }

        var hasControlCodes: Bool {
            (stdout + stderr).unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" }
        }
    }

    static let url: URL = {
        let products = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let beside = products.appending(path: "pipeline")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return SharedData.repository.appending(path: ".build/release/pipeline")
    }()

    /// The working folder.
    var folder: URL
    var environment: [String: String] = [:]
    /// A command that starts the program it is given, with limits for example; empty to start it directly.
    var launcher: [String] = []

    func run(_ arguments: String..., input: String = "") throws -> Result { try run(arguments, input: input) }

    func run(_ arguments: [String], input: String = "") throws -> Result {
        let process = start(arguments)
        let streams = try Streams(process, input: input)
        return streams.result()
    }

    /// Starts the program and sends it `signal` after `delay` seconds, unless it has ended by then.
    func run(_ arguments: [String], sending signal: Int32, after delay: Double) throws -> Result {
        let end = Date.now.addingTimeInterval(delay)
        return try run(arguments, sending: signal) { Date.now >= end }
    }

    /// Starts the program and sends it `signal` as soon as `isDue`, unless it has ended by then.
    func run(_ arguments: [String], sending signal: Int32, once isDue: () -> Bool) throws -> Result {
        let process = start(arguments)
        let streams = try Streams(process, input: "")
        while process.isRunning, !isDue() { usleep(2000) }
        if process.isRunning { kill(process.processIdentifier, signal) }
        return streams.result()
    }

    private func start(_ arguments: [String]) -> Process {
        let process = Process()
        let command = launcher + [Self.url.path] + arguments
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = folder
        var all = ProcessInfo.processInfo.environment
        for name in ["PIPELINE_STORE", "PIPELINE_THREADS", "NO_COLOR"] { all[name] = nil }
        process.environment = all.merging(environment) { _, given in given }
        return process
    }
}

/// The three streams of a process, through files: a pipe that nobody empties would stop it.
private struct Streams {
    private let process: Process
    private let folder: URL

    init(_ process: Process, input: String) throws {
        self.process = process
        folder = FileManager.default.temporaryDirectory.appending(path: "cli-streams-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(input.utf8).write(to: folder.appending(path: "in"))
        try Data().write(to: folder.appending(path: "out"))
        try Data().write(to: folder.appending(path: "err"))
        process.standardInput = try FileHandle(forReadingFrom: folder.appending(path: "in"))
        process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "out"))
        process.standardError = try FileHandle(forWritingTo: folder.appending(path: "err"))
        try process.run()
    }

    func result() -> Binary.Result {
        process.waitUntilExit()
        defer { try? FileManager.default.removeItem(at: folder) }
        func text(_ name: String) -> String {
            String(decoding: (try? Data(contentsOf: folder.appending(path: name))) ?? Data(), as: UTF8.self)
        }
        return Binary.Result(status: process.terminationStatus, stdout: text("out"), stderr: text("err"))
    }
}

/// A folder that lives as long as a test.
final class Workplace {
    let folder: URL
    var pipeline: Binary

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "cli-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        pipeline = Binary(folder: folder)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: name).path) }

    /// A pipeline of one stage that takes no model and no time, in `seeds.yaml`.
    func writeSeedPipeline(parameters: String = "{keep_synthetic: true}", source: String? = nil) throws {
        let trees = SharedData.repository.appending(path: "pipelines/data/seed-trees.jsonl").path
        try write(
            """
            pipeline: seeds-only
            seed: 7
            sources:
              trees: \(source ?? "{path: \(trees)}")
            stages:
              seeds:
                stage: seed-prep
                inputs: {trees: trees}
                params: \(parameters)

            """, to: "seeds.yaml")
    }
}
