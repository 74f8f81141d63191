import Foundation
import Testing

extension SmokeLoop {
    @Suite("Killed in the middle, the next run carries on")
    struct KillTests {
        /// A moment of writing at which the program kills itself with SIGKILL, and how many to pass before.
        static let moments = [
            "write:kill:25", "staged:kill:2", "outputs-placed:kill:2", "record-placed:kill:3", "indexed:kill:2",
            "linked:kill:9", "synchronise:kill:12",
        ]

        @Test("killed at every kind of moment and by the clock, again and again, it ends with the same digests")
        func everyMoment() throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            var records: Set<String> = []
            for moment in Self.moments {
                place.pipeline.environment["PIPELINE_FAILPOINT"] = moment
                #expect(try place.pipeline.run("run", SmokeLoop.file).status == SIGKILL, "\(moment)")
                let left = Set(place.storedFiles(in: ["records"]).filter { $0.hasSuffix(".json") })
                #expect(records.isSubset(of: left), "\(moment): a finished stage was lost")
                records = left
            }
            place.pipeline.environment["PIPELINE_FAILPOINT"] = nil
            for delay in [0.05, 0.2, 0.4] {
                _ = try place.pipeline.run(["run", SmokeLoop.file], sending: SIGKILL, after: delay)
            }
            let last = try place.runLoop()
            #expect(!records.isEmpty && last.cached.count >= records.count)
            #expect(try place.digests() == finished.digests)
            #expect(place.storedFiles(in: ["tmp", "staging"]) == [])
        }

        @Test(
            "killed two hundred times, at random times and moments, no finished stage runs again and every digest is as it should be",
            .enabled(if: ProcessInfo.processInfo.environment["NIGHTLY"] != nil, "takes minutes: run 'make nightly'"))
        func twoHundredTimes() throws {
            let finished = try #require(SmokeLoop.finished)
            var (kills, loops) = (0, 0)
            while kills < 200 {
                let place = try Workplace()
                var acknowledged: Set<String> = []
                var isDone = false
                while !isDone {
                    // Half by the clock, half at a named moment of writing.
                    if Bool.random(), let moment = Self.moments.randomElement()?.split(separator: ":").first {
                        place.pipeline.environment["PIPELINE_FAILPOINT"] = "\(moment):kill:\(Int.random(in: 1...40))"
                    }
                    let result = try place.pipeline.run(
                        ["run", SmokeLoop.file], sending: SIGKILL, after: Double.random(in: 0.02...1.5))
                    place.pipeline.environment["PIPELINE_FAILPOINT"] = nil
                    try #require([0, SIGKILL].contains(result.status), "\(result.stderr)")
                    let started = result.stderrLines.filter { $0.contains(": started (") }.map(Self.stage)
                    #expect(acknowledged.isDisjoint(with: started), "a finished stage ran again")
                    let ended = result.stderrLines.filter { $0.contains(": done in ") }.map(Self.stage)
                    acknowledged.formUnion(ended)
                    isDone = result.status == 0
                    if !isDone { kills += 1 }
                }
                loops += 1
                #expect(!acknowledged.isEmpty, "the lines of finished stages are not read")
                #expect(try place.digests() == finished.digests)
                #expect(place.storedFiles(in: ["tmp", "staging"]) == [])
                #expect(try place.pipeline.run("verify", "--read-data").status == 0)
            }
            print("Kill loop: \(kills) kills in \(loops) runs to the end")
        }

        /// `m0: started (never ran)`: the stage of a line.
        private static func stage(_ line: Substring) -> String { String(line.prefix { $0 != ":" }) }

        @Test("rows of finished shards are kept")
        func shards() throws {
            let (place, _) = try Workplace.afterLoop()
            let command = [
                "run", SmokeLoop.file, "--until", "m2.judgements", "--set", "m2.judgements.samples=3",
                "--set", "m2.judgements.exec.shard_size=4",
            ]
            // The first piece in staging is the cut into shards; the fifth shard is in place, but not yet vouched for.
            place.pipeline.environment["PIPELINE_FAILPOINT"] = "staged:kill:6"
            #expect(try place.pipeline.run(command).status == SIGKILL)
            place.pipeline.environment["PIPELINE_FAILPOINT"] = nil
            #expect(try place.pipeline.run(command).status == 0)
            let shards = try place.newestEvents().filter { $0["event"] as? String == "shard_done" }
            #expect(
                shards.map { $0["kept"] as? Bool } == [Bool](repeating: true, count: 4)
                    + [Bool](repeating: false, count: 8))
            #expect(shards.map { $0["rows"] as? Int } == [Int](repeating: 4, count: 12))

            let undisturbed = try Workplace.afterLoop().place
            #expect(try undisturbed.pipeline.run(command).status == 0)
            #expect(try place.digests() == undisturbed.digests())
        }

        @Test("training goes on from its last checkpoint in staging")
        func training() throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            let command = ["run", SmokeLoop.file, "--until", "m0"]
            let killed = try place.pipeline.run(command, sending: SIGKILL) {
                place.storedFiles(in: ["staging"]).contains { $0.hasSuffix("/training-state.ok.json") }
            }
            #expect(killed.status == SIGKILL)
            #expect(try place.pipeline.run(command).status == 0)
            let steps = try place.newestEvents().filter {
                $0["event"] as? String == "progress" && $0["stage"] as? String == "m0"
            }
            let first = try #require(steps.first?["done"] as? Int)
            #expect(first > 1, "training began anew")
            #expect(try place.digests()["m0.model"] == finished.digests["m0.model"])
        }
    }
}
