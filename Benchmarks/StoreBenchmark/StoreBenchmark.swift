import Artifacts
import Foundation

/// A row of about 1 kB, like a judged response.
struct BenchmarkRow: Record {
    static let schema = RecordSchema("benchmark-row", version: 1)
    var id: String
    var promptID: String
    var prompt: String
    var text: String
    var tokens: Int
    var score: Double
    var finish: String

    /// The same content as the row `index` of the peer's benchmark.
    init(_ index: Int) {
        id = Self.id(index)
        promptID = String(format: "%020x", index / 4)
        prompt = "Prompt \(index / 4): why is the sky blue, and what has that to do with the sea?"
        text = Self.text(index)
        tokens = index % 200
        score = Double(index % 50) / 10
        finish = "stop"
    }

    static func id(_ index: Int) -> String { String(format: "%020x", index) }

    private static let words = """
        the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which \
        one you were all her she there would their we him been has when who will no more if out so up said what its \
        about than into them can only other time new some could these two may first then do any like my now over such
        """.split(separator: " ").map(String.init)

    /// About 780 bytes that compress as prose does: words in the order of a small generator.
    private static func text(_ index: Int) -> String {
        var state = UInt64(index) &* 2_654_435_761 &+ 1
        var text = ""
        while text.utf8.count < 780 {
            state = (state &* 1_103_515_245 &+ 12345) & 0x7FFF_FFFF
            text += words[Int(state >> 12) % words.count] + " "
        }
        return text
    }

    enum CodingKeys: String, CodingKey {
        case id, prompt, text, tokens, score, finish
        case promptID = "prompt_id"
    }
}

/// Measures what a store does, for `Benchmarks/store`.
@main
struct StoreBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let count = Int(arguments[3]), count > 0 else {
            FileHandle.standardError.write(
                Data("usage: StoreBenchmark write|read|find|fill STORE COUNT\n".utf8))
            exit(2)
        }
        let store = try ArtifactStore.open(URL(filePath: arguments[2], directoryHint: .isDirectory), create: true)
        switch arguments[1] {
        case "write": try write(count, to: store)
        case "read": try read(count, from: store)
        case "find": try find(count, in: store)
        case "fill": try fill(store, with: count)
        default: exit(2)
        }
    }

    /// Writes `count` rows as one artifact, hashed, compressed, read back and entered in the index.
    static func write(_ count: Int, to store: ArtifactStore) throws {
        let rows = (0..<count).map(BenchmarkRow.init)
        let seconds = try timed {
            let writer = try store.writer(of: BenchmarkRow.self)
            try writer.append(contentsOf: rows)
            try commit(["rows": writer.finish()], as: "rows", to: store)
        }
        print(String(format: "%.4f", seconds))
    }

    /// Reads `count` random rows one at a time; prints the median and the slowest, in milliseconds.
    static func read(_ count: Int, from store: ArtifactStore) throws {
        let reference = try rows(of: store)
        try measure(count, of: reference) { row in
            _ = try store.reader(reference, as: BenchmarkRow.self).rows(row..<row + 1)
        }
    }

    /// Finds `count` random rows by their ids, one at a time as a new command would; prints as `read` does. The row index
    /// is there: a first lookup, which is not counted, makes it.
    static func find(_ count: Int, in store: ArtifactStore) throws {
        let reference = try rows(of: store)
        let (id, prompt) = (RowPath("id"), RowPath("prompt_id"))
        try measure(count, of: reference) { row in
            let wanted = BenchmarkRow.id(row)
            let lookup = try store.rowLookup(reference, fields: [id, prompt])
            guard try lookup.rows(with: wanted, at: id).map(\.position) == [row] else { exit(1) }
        }
    }

    private static func rows(of store: ArtifactStore) throws -> ArtifactReference {
        guard let reference = try store.resolve("rows.rows").first?.reference else { exit(1) }
        return reference
    }

    /// Prints the median and the slowest time of `work` on `count` random rows, in milliseconds, after one that does not
    /// count.
    private static func measure(_ count: Int, of reference: ArtifactReference, _ work: (Int) throws -> Void) throws {
        try work(0)
        var times: [Double] = []
        for _ in 0..<count {
            let row = Int.random(in: 0..<reference.rows)
            times.append(try timed { try work(row) })
        }
        times.sort()
        print(String(format: "%.3f %.3f", times[count / 2] * 1000, times[count - 1] * 1000))
    }

    /// Commits `count` small artifacts, ten a stage.
    static func fill(_ store: ArtifactStore, with count: Int) throws {
        for stage in 0..<(count + 9) / 10 {
            var outputs: [String: ArtifactReference] = [:]
            for port in 0..<10 {
                let writer = try store.writer(of: BenchmarkRow.self)
                try writer.append(BenchmarkRow(stage * 10 + port))
                outputs["port-\(port)"] = try writer.finish()
            }
            try commit(outputs, as: "stage-\(stage)", to: store)
        }
    }

    private static func commit(
        _ outputs: [String: ArtifactReference], as name: String, to store: ArtifactStore
    ) throws {
        let key = ContentDigest(hashing: Array(name.utf8))
        guard let claim = try store.claim(key) else { return }
        defer { claim.release() }
        try store.commit(
            StageRecord(
                key: key, preimage: ["name": .string(name)], kind: "benchmark", stageName: name,
                pipeline: "benchmark", outputs: outputs, createdAt: Date.now.formatted(.iso8601)), claim: claim)
    }

    private static func timed(_ work: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        return try clock.measure(work) / .seconds(1)
    }
}
