import Foundation
import Testing

extension SmokeLoop {
    // One at a time: each blocks a thread while the program runs, and tests with a time limit need one too.
    @Suite("What differs, and why", .serialized)
    struct DiffTests {
        let place: Workplace
        let finished: FinishedLoop
        /// The two runs: the loop as it is, then with one parameter changed.
        let first: String
        let second: String

        init() throws {
            (place, finished) = try Workplace.afterLoop()
            let before = try place.newestRuns()
            first = try #require(before.first)
            try place.runLoop(["--set", "m3.pairs.tie_break=first", "--set", "m3.judge-quality.samples=3"])
            second = try #require(place.newestRuns().first { !before.contains($0) })
        }

        private func diff(_ arguments: String...) throws -> Binary.Result {
            let result = try place.pipeline.run(["diff"] + arguments)
            #expect(result.stderr.isEmpty, "\(result.stderr)")
            return result
        }

        @Test("runs are compared stage by stage, with reasons and outputs")
        func runs() throws {
            let text = try diff(first, "latest").stdout
            #expect(
                text.hasPrefix(
                    "m3.pairs (pair) differs\n  parameter 'tie_break' changed from \"seeded\" to \"first\"\n"))
            #expect(text.contains("m3.judge-quality (evaluate-judge) differs\n  parameter 'samples' changed from "))
            #expect(text.hasSuffix(" different\n") && text.contains("\n\n26 stages: "))
            #expect(try diff(first, first).stdout == "26 stages: 26 the same, 0 different\n")
            #expect(try diff(first, "latest", "--exit-code").status == 10)
            #expect(try diff(second, "latest", "--exit-code").status == 0)
        }

        @Test("parameters are set side by side")
        func parameters() throws {
            let lines = try diff(first, second, "--params").stdoutLines
            #expect(lines.first?.split(separator: " ") == ["STAGE", "PARAMETER", "FIRST", "SECOND"])
            #expect(
                lines.contains { $0.split(separator: " ") == ["m3.pairs", "tie_break", "\"seeded\"", "\"first\""] })
            #expect(try diff(first, first, "--params", "--exit-code").stdout == "no parameters differ\n")
        }

        @Test("measurements are set side by side, and rows are compared by id")
        func metrics() throws {
            let lines = try diff(first, second, "--metrics").stdoutLines
            #expect(
                lines.first?.split(separator: " ") == ["m3.judge-quality.measurements", "FIRST", "SECOND", "CHANGE"])
            #expect(lines.contains { $0.hasPrefix("  pairwise_accuracy  ") })
            let rows = try diff(first, second, "--rows").stdoutLines
            #expect(
                rows.contains { $0.hasPrefix("m3.judge-quality.judgements: 20 added, 20 removed, 0 changed, 0 ") })
            #expect(rows.contains { $0.hasPrefix("m3.judge-quality.measurements: 0 added, 0 removed, ") })
        }

        @Test("artifacts are compared by what made them and by rows")
        func artifacts() throws {
            let digests = ["m2.pairs.pairs", "m3.pairs.pairs"].map { String((finished.digests[$0] ?? "").prefix(12)) }
            let result = try diff("\(first)/m2.pairs/pairs", "\(first)/m3.pairs/pairs", "--exit-code")
            #expect(result.status == 10)
            let lines = result.stdoutLines
            #expect(lines.first == "m2.pairs | m3.pairs (pair) differs")
            #expect(lines.contains("  output 'pairs' changed from \(digests[0]) to \(digests[1])"))
            #expect(lines.last == "1 stage: 0 the same, 1 different")
            let rows = try diff("\(first)/m2.pairs", "\(first)/m3.pairs", "--rows").stdoutLines
            #expect(
                rows.first == "m2.pairs.pairs | m3.pairs.pairs: 16 added, 16 removed, 0 changed, 0 the same")
            #expect(rows.count == 9 && rows[4] == "  + … and 13 more; --json names all")
            #expect(try diff("m2.pairs", "m2.pairs").stdout == "m2.pairs.pairs and m2.pairs.pairs are the same\n")
        }

        @Test("the same as JSON")
        func json() throws {
            let result = try place.pipeline.run("diff", first, second, "--json", "--exit-code")
            #expect(result.status == 10 && result.hasControlCodes == false)
            let all = try place.pipeline.run("diff", first, second, "--json", "--rows", "--metrics", "--params")
                .json()
            #expect(all["schema"] as? String == "pipeline.diff/1" && all["compared"] as? String == "runs")
            #expect(all["first"] as? String == first && all["different"] as? Bool == true && all["stages"] == nil)
            let parameters = try #require(all["params"] as? [[String: Any]])
            #expect(
                parameters.contains { $0["path"] as? String == "tie_break" && $0["second"] as? String == "first" })
            let rows = try #require(all["rows"] as? [[String: Any]])
            let judgements = try #require(rows.first { $0["name"] as? String == "m3.judge-quality.judgements" })
            #expect((judgements["added"] as? [String])?.count == 20 && judgements["same"] as? Int == 0)
            #expect((all["metrics"] as? [[String: Any]])?.first?["measurements"] is [[String: Any]])

            let stages = try #require(try diff(first, second, "--json").json()["stages"] as? [[String: Any]])
            #expect(stages.count == SmokeLoop.stageCount)
            let pairs = try #require(stages.first { $0["name"] as? String == "m3.pairs" })
            #expect(pairs["state"] as? String == "different")
            let reason = try #require((pairs["reasons"] as? [[String: Any]])?.first)
            #expect(reason["what"] as? String == "parameter-changed" && reason["old"] as? String == "seeded")
        }

        @Test("a run and an artifact are not compared; unknown runs are told of")
        func errors() throws {
            func error(_ arguments: String...) throws -> String {
                let result = try place.pipeline.run(["diff"] + arguments)
                #expect(result.status == 2 && result.stdout.isEmpty)
                return result.stderr
            }
            #expect(
                try error("latest", "m2.pairs")
                    == "error: 'latest' and 'm2.pairs' cannot be compared: one is a run, the other an artifact; name two "
                    + "of a kind\n")
            #expect(
                try error("1999-01", "latest")
                    == "error: no run '1999-01' in this store; '\(Binary.url.path) runs ls' shows all\n"
            )
        }

        @Test("why compares with what a run used")
        func why() throws {
            func why(_ arguments: String...) throws -> [Substring] {
                let result = try place.pipeline.run(["why"] + arguments)
                #expect(result.status == 0, "\(result.stderr)")
                return result.stdoutLines
            }
            let same = try why("m3.pairs", SmokeLoop.file, "--against", first)
            #expect(same.last == "  run \(first) used the same")
            let other = try why("m3.pairs", SmokeLoop.file, "--against", "latest")
            #expect(other.last == "    parameter 'tie_break' changed: \"first\" → \"seeded\"")
            #expect(other.dropLast().last?.hasSuffix(", which run \(second) used:") == true)
            let waiting = try why("m3.pairs", SmokeLoop.file, "--set", "seed=8", "--against", first)
            #expect(waiting.contains("  seed changed from 7 to 8"))
            #expect(waiting.last?.hasSuffix(", which run \(first) used") == true)
            let json = try place.pipeline.run("why", "m3.pairs", SmokeLoop.file, "--against", "latest", "--json")
                .json()
            #expect(json["against"] as? String == second)
            #expect((json["reasons"] as? [[String: Any]])?.first?["path"] as? String == "tie_break")
        }
    }
}
