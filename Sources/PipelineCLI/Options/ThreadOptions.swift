internal import ArgumentParser
internal import Foundation

/// How many threads a command computes with.
struct ThreadOptions: ParsableArguments {
    @Option(
        help: "Threads to compute with; results do not depend on it. Without it: PIPELINE_THREADS, or one a core.")
    var threads: Int?

    var count: Int { threads ?? Self.fromEnvironment ?? ProcessInfo.processInfo.activeProcessorCount }

    private static var fromEnvironment: Int? {
        ProcessInfo.processInfo.environment["PIPELINE_THREADS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads is \(threads); it must be 1 or more") }
    }
}
