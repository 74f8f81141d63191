import Foundation
import TestSupport
import Testing

extension SmokeLoop {
    @Suite("The loop with several seeds", .serialized)
    struct SeedsTests {
        private static let isNightly = ProcessInfo.processInfo.environment["NIGHTLY"] != nil

        private let place: Workplace
        private let file: String

        init() throws {
            (place, _) = try Workplace.afterLoop()
            file = place.folder.appending(path: "pipelines/smoke.yaml").path
        }

        private func lines(_ result: Binary.Result) throws -> [[String: Any]] {
            try result.stdoutLines.map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }

        @Test("the plan's own seed is cached; another is a run of its own that shares what no seed changes")
        func twoSeeds() throws {
            // The models alone: enough to see what the seed changes.
            let result = try place.pipeline.run("run", file, "--seeds", "2", "--until", "sft.judge-quality", "--json")
            try result.requireSuccess()
            let lines = try lines(result)
            #expect(
                lines.map { $0["schema"] as? String } == ["pipeline.run/1", "pipeline.run/1", "pipeline.seeds/1"])
            let (first, second, last) = (lines[0], lines[1], lines[2])
            let counts = try lines.prefix(2).map { try #require($0["stages"] as? [String: Int]) }
            #expect(counts[0]["ran"] == 0 && counts[0]["cached"] == 5)
            // The split of the seeds, the weights, and what is made of them all depend on the seed.
            #expect(counts[1]["ran"] == 5)
            #expect((last["stages"] as? [String: Int])?["total"] == 2 * (counts[0]["total"] ?? 0))
            let runs = try #require(last["runs"] as? [[String: Any]])
            #expect(
                runs.map { $0["seed"] as? Int } == [7, 8] && runs[1]["run"] as? String == second["run"] as? String)
            #expect(first["run"] as? String != second["run"] as? String && last["one_result"] as? Bool == false)
            let measured = try #require(last["measurements"] as? [[String: Any]])
            let accuracy = try #require(measured.first { $0["measurement"] as? String == "pairwise_accuracy" })
            #expect(accuracy["n"] as? Int == 2 && accuracy["name"] as? String == "sft.judge-quality")
            let values = try #require(accuracy["values"] as? [[String: Any]]).compactMap { $0["value"] as? Double }
            let mean = try #require(accuracy["mean"] as? Double)
            // Foundation reads numbers of JSON to the last digit but one.
            #expect(abs(mean - (values[0] + values[1]) / 2) < 1e-12 && accuracy["sd"] is Double)
            // Each run knows its seed, and the newest is what `status` speaks of.
            let shown = try place.pipeline.run("runs", "show", try #require(second["run"] as? String), "--json")
                .json()
            #expect("\(shown)".contains("seed=8"))

            let again = try place.pipeline.run("run", file, "--seeds", "7,8", "--until", "sft.judge-quality")
            try again.requireSuccess()
            #expect(again.stdout.contains("seed 8: 5 stages: 5 cached, 0 ran"))
            #expect(again.stdout.contains("mean ± standard deviation (n) over seeds 7, 8\n"))
            #expect(again.stdout.contains("the runs side by side: "))
            #expect(again.stderr.contains("seed 8, 2 of 2"))
            let quiet = try place.pipeline.run("run", file, "--seeds", "7,8", "--until", "sft", "-q")
            #expect(quiet.stdout.isEmpty && quiet.stderrLines.count == 2 && quiet.status == 0)
        }

        @Test("stages without a seed: the runs are one result, and that is said")
        func noSeed() throws {
            try place.write(
                """
                pipeline: no-seed
                include: [{file: pipelines/smoke.yaml}]
                sources: {words: {path: pipelines/data/rubric-additive.txt}}
                stages:
                  nothing: {stage: connect-model, params: {url: "http://localhost:9/v1", model: m}}

                """, to: "none.yaml")
            let result = try place.pipeline.run("run", "none.yaml", "--seeds", "3", "--until", "nothing")
            try result.requireSuccess()
            #expect(result.stdout.contains("no stage of these 3 runs depends on the seed: they are one result"))
        }

        @Test("a failure ends the series with 1, and with -k the seed it happened to, with 3")
        func failures() throws {
            let options = ["run", file, "--seeds", "11,12", "--set", "seeds.ift=100000", "--json"]
            let first = try place.pipeline.run(options)
            #expect(first.status == 1)
            var lines = try lines(first)
            #expect(lines.count == 2 && (lines[1]["runs"] as? [[String: Any]])?.count == 1)
            #expect(lines[1]["planned"] as? Int == 2)
            let all = try place.pipeline.run(options + ["-k"])
            #expect(all.status == 3)
            lines = try self.lines(all)
            #expect(lines.count == 3 && (lines[2]["stages"] as? [String: Int])?["failed"] == 2)
            let told = try place.pipeline.run(options.dropLast())
            #expect(
                told.stdout.contains("1 of 2 seeds were not run") && told.stdout.contains("stage 'seeds' failed: "))
        }

        @Test("stopped in the middle, the series ends in good order and the same command carries on")
        func interrupted() throws {
            let options = ["run", file, "--seeds", "21,22,23", "--until", "m0", "--json"]
            let runs = place.folder.appending(path: "artifacts/runs")
            let before = try FileManager.default.contentsOfDirectory(atPath: runs.path).count
            let stopped = try place.pipeline.run(options, sending: SIGINT) {
                ((try? FileManager.default.contentsOfDirectory(atPath: runs.path).count) ?? 0) > before
            }
            #expect(stopped.status == 130, "\(stopped.stderr)")
            let told = try lines(stopped)
            #expect(told.last?["schema"] as? String == "pipeline.seeds/1")
            #expect((told.last?["runs"] as? [[String: Any]])?.count ?? 3 < 3)
            let resumed = try place.pipeline.run(options)
            try resumed.requireSuccess()
            #expect(try lines(resumed).count == 4)
        }

        @Test(
            "what excludes --seeds",
            arguments: [
                ["--seeds", "3", "--set", "seed=5"], ["--seeds", "3", "--locked"], ["--seeds", "0"],
                ["--seeds", "2,2"],
                ["--seeds", "many"], ["--seeds", "1,,2"],
            ])
        func usage(options: [String]) throws {
            let result = try place.pipeline.run(["run", file] + options)
            #expect(result.status == 2 && result.stdout.isEmpty)
            #expect(
                result.stderr.contains("--seeds") && result.stderr.contains("Usage: pipeline"), "\(result.stderr)")
        }

        @Test("the whole loop with three seeds", .enabled(if: isNightly, "slow: set NIGHTLY=1"))
        func wholeLoop() throws {
            let result = try place.pipeline.run("run", file, "--seeds", "3")
            try result.requireSuccess()
            let stages = SmokeLoop.stageCount
            #expect(result.stdout.contains("seed 7: \(stages) stages: \(stages) cached"))
            #expect(result.stdout.contains("seed 9: \(stages) stages: 0 cached, \(stages) ran"))
            #expect(result.stdout.contains(" (3)\n"))
            let told = try place.pipeline.run("compare")
            #expect(told.stdout.contains("seed=9"))
        }
    }
}
