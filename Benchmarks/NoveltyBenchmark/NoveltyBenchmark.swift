import Foundation
import Stages

/// Measures the search for too similar tasks, for `Benchmarks/novelty`.
@main
struct NoveltyBenchmark {
    /// Self-Instruct's.
    static let floor = 0.7

    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.dropFirst(2).compactMap { Int($0) }
        guard arguments.count > 1, numbers.count == arguments.count - 2, numbers.allSatisfy({ $0 > 0 }) else {
            usage()
        }
        let folder = URL(filePath: arguments[1], directoryHint: .isDirectory)
        switch (arguments[0], numbers.count) {
        case ("make", 3): try make(in: folder, pool: numbers[0], candidates: numbers[1], seed: numbers[2])
        case ("search", 2): try search(in: folder, pool: numbers[0], candidates: numbers[1])
        case ("grow", 1): try grow(in: folder, to: numbers[0])
        default: usage()
        }
    }

    static func usage() -> Never {
        let commands = ["make FOLDER POOL CANDIDATES SEED", "search FOLDER POOL CANDIDATES", "grow FOLDER SIZE"]
        FileHandle.standardError.write(
            Data("usage: NoveltyBenchmark \(commands.joined(separator: " | "))\n".utf8))
        exit(2)
    }

    /// Writes the texts that all sides read, one a line: `pool` and `candidates`.
    static func make(in folder: URL, pool: Int, candidates: Int, seed: Int) throws {
        var writer = InstructionWriter(seed: UInt64(seed))
        let texts = (0..<pool).map { _ in writer.instruction() }
        let others = (0..<candidates).map { _ in writer.candidate(among: texts) }
        try write(texts, to: folder.appending(path: "pool"))
        try write(others, to: folder.appending(path: "candidates"))
        let lengths = texts.map { $0.split(separator: " ").count }.sorted()
        let mean = Double(lengths.reduce(0, +)) / Double(pool)
        print(
            String(format: "%d texts of %.1f words on average, 95 %% up to %d", pool, mean, lengths[pool * 19 / 20]))
    }

    /// Looks for the nearest of the first `pool` texts above the floor; prints milliseconds a candidate, and writes what
    /// was found to `ours`. The time has everything that a new task needs: its words, and the search.
    static func search(in folder: URL, pool count: Int, candidates: Int) throws {
        let texts = try lines(of: folder.appending(path: "candidates")).prefix(candidates)
        var pool = SimilarityPool()
        for (index, text) in try lines(of: folder.appending(path: "pool")).prefix(count).enumerated() {
            pool.insert(id: String(index), text: text)
        }
        var found: [Double] = []
        let seconds =
            ContinuousClock().measure {
                for text in texts { found.append(pool.nearest(to: text, above: floor)?.similarity ?? 0) }
            } / .seconds(1)
        try write(found.map { "\($0)" }, to: folder.appending(path: "ours"))
        print(String(format: "%.6f", seconds * 1000 / Double(texts.count)))
    }

    /// Takes texts in as long as they are new, until there are `size`; prints seconds and how many were looked at.
    static func grow(in folder: URL, to size: Int) throws {
        let texts = try lines(of: folder.appending(path: "pool"))
        var pool = SimilarityPool()
        var seen = 0
        let seconds =
            ContinuousClock().measure {
                for text in texts where pool.count < size {
                    if pool.nearest(to: text, above: floor) == nil { pool.insert(id: String(seen), text: text) }
                    seen += 1
                }
            } / .seconds(1)
        print(String(format: "%.4f %d", seconds, seen))
    }

    private static func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private static func write(_ lines: [String], to file: URL) throws {
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    }
}
