import Dispatch
import Foundation
import Synchronization
import Testing

extension SmokeLoop {
    @Suite("Several programs at once on one store", .serialized)
    struct CrowdTests {
        /// Runs the loop from several processes at once, of which some are killed on the way.
        private func crowd(of count: Int, killing killed: Int) throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            let folder = place.folder
            let results = try concurrently(count) { number in
                let command = ["run", SmokeLoop.file, "--json", "--threads", "1"]
                let pipeline = Binary(folder: folder)
                guard number < killed else { return try pipeline.run(command) }
                return try pipeline.run(command, sending: SIGKILL, after: 0.4 + 0.7 * Double(number))
            }
            for (number, result) in results.enumerated() {
                #expect(result.status == (number < killed ? SIGKILL : 0), "\(result.stderr)")
            }
            // Whoever computed a stage says so in its log, also if it died later.
            var computed: [String: Int] = [:]
            for event in try events(of: place) where event["event"] as? String == "stage_finished" {
                guard event["outcome"] as? String == "ran", let name = event["name"] as? String else { continue }
                computed[name, default: 0] += 1
            }
            #expect(computed.values.allSatisfy { $0 == 1 }, "computed more than once: \(computed)")
            #expect(place.storedFiles(in: ["records"]).count == SmokeLoop.stageCount)
            #expect(try place.digests() == finished.digests)
            #expect(try place.pipeline.run("verify", "--read-data").status == 0)
        }

        @Test("two share the work, and no stage is computed twice")
        func two() throws { try crowd(of: 2, killing: 0) }

        @Test("of four two are killed; the others end well, and no stage is computed twice")
        func four() throws { try crowd(of: 4, killing: 2) }

        private func events(of place: Workplace) throws -> [[String: Any]] {
            let runs = place.folder.appending(path: "artifacts/runs")
            return try FileManager.default.contentsOfDirectory(atPath: runs.path).flatMap { run in
                let text = try String(contentsOf: runs.appending(path: "\(run)/events.jsonl"), encoding: .utf8)
                return text.split(separator: "\n").compactMap {
                    try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
                }
            }
        }

        /// What `work` gives for each number, each on a thread of its own.
        private func concurrently<Value: Sendable>(
            _ count: Int, _ work: @escaping @Sendable (Int) throws -> Value
        ) throws -> [Value] {
            let results = Results<Value>(count)
            let threads = (0..<count).map { number in
                Thread { results.set(Result { try work(number) }, at: number) }
            }
            threads.forEach { $0.start() }
            return try results.all()
        }
    }
}

/// Results that threads hand in.
private final class Results<Value: Sendable>: Sendable {
    private let values: Mutex<[Int: Result<Value, any Error>]> = Mutex([:])
    private let missing: DispatchSemaphore = DispatchSemaphore(value: 0)
    private let count: Int

    init(_ count: Int) { self.count = count }

    func set(_ value: Result<Value, any Error>, at number: Int) {
        values.withLock { $0[number] = value }
        missing.signal()
    }

    func all() throws -> [Value] {
        for _ in 0..<count { missing.wait() }
        return try (0..<count).compactMap { number in try values.withLock { $0[number] }?.get() }
    }
}
