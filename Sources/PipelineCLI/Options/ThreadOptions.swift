internal import ArgumentParser
internal import Foundation

/// How many threads a command computes with.
struct ThreadOptions: ParsableArguments {
    @Option(
        help: "Threads to compute with; results do not depend on it. Without it: PIPELINE_THREADS, or one a core.")
    var threads: Int?

    var count: Int { threads ?? Self.environmentText.flatMap { Int($0) } ?? Self.cores }

    private static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

    /// More threads than this only wait for each other, and far more are refused by the system in the middle of a run.
    private static var limit: Int { 4 * cores }

    /// Nil where the variable is unset or empty.
    private static var environmentText: String? {
        ProcessInfo.processInfo.environment["PIPELINE_THREADS"].flatMap { $0.isEmpty ? nil : $0 }
    }

    func validate() throws {
        if let threads {
            try Self.check(threads, "--threads", text: "\(threads)")
        } else if let text = Self.environmentText {
            try Self.check(Int(text), "PIPELINE_THREADS", text: "'\(text)'")
        }
    }

    private static func check(_ count: Int?, _ name: String, text: String) throws {
        guard let count, (1...limit).contains(count) else {
            throw ValidationError("\(name) is \(text); it must be from 1 to \(limit), four a core")
        }
    }
}
