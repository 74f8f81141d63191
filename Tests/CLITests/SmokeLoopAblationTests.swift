import Foundation
import TestSupport
import Testing

extension SmokeLoop {
    @Suite("Ablations of the loop", .serialized)
    struct AblationTests {
        private static let isNightly = ProcessInfo.processInfo.environment["NIGHTLY"] != nil

        /// What is made before the first model that judges, and shared by every ablation here.
        private static let common: Set<String> = [
            "made", "seeds", "m0", "m0.likelihood", "sft", "eft", "sft.judge-quality",
        ]

        private let place: Workplace
        private let loop: String

        init() throws {
            (place, _) = try Workplace.afterLoop()
            loop = try #require(place.newestRuns().first)
        }

        private func run(_ overlay: String) throws -> LoopReport {
            try place.runLoop(["-f", place.folder.appending(path: "pipelines/ablations/\(overlay).yaml").path])
        }

        @Test("positive examples alone: two trainings replaced, all of the second iteration's data shared")
        func positiveOnly() throws {
            let report = try run("positive-only")
            #expect(report.names.count == SmokeLoop.stageCount + 2)
            #expect(report.ran.isSuperset(of: ["m2.best", "m2.model", "m3.best", "m3.model", "m3.candidates"]))
            #expect(
                report.cached.isSuperset(
                    of: Self.common.union([
                        "m1", "m2.prompts", "m2.candidates", "m2.judgements", "m2.pairs", "m3.prompts",
                    ])))
        }

        @Test("pairs of both iterations: two stages and what follows them run, and the table shows both runs")
        func cumulativePairs() throws {
            let report = try run("cumulative-pairs")
            #expect(report.ran == ["m3.reference", "m3.model", "m3.answers", "m3.judge-quality", "judges"])
            let result = try place.pipeline.run("compare", loop, "latest")
            #expect(result.stderr.isEmpty && result.status == 0, "\(result.stderr)")
            let rows = result.stdoutLines.map { $0.split(separator: " ").map(String.init) }
            #expect(rows.first == ["smoke", "cumulative-pairs"])
            #expect(rows.contains(["model", "m3", "m3"]))
            #expect(rows.contains(["of", "these", "also", "the", "first", "run's", "26", "21"]))
            // More pairs than the last iteration made by itself.
            let trained = try #require(rows.first { $0.first == "rows" }?.suffix(2).compactMap { Int($0) })
            #expect(trained.count == 2 && trained[1] > trained[0])
        }

        @Test("a comparison as JSON holds what the stages say, and a model that was not trained is named")
        func comparison() throws {
            let json = try place.pipeline.run("compare", loop, "--model", "m2", "--json").json()
            #expect(json["schema"] as? String == "pipeline.comparison/1")
            let runs = try #require(json["runs"] as? [[String: Any]])
            #expect(runs.first?["model"] as? String == "m2")
            let figures = try #require(runs.first?["figures"] as? [[String: Any]])
            #expect(figures.contains { $0["name"] as? String == "m2.pairs" && $0["summary"] is [String: Any] })
            let unknown = try place.pipeline.run("compare", loop, "--model", "m22")
            #expect(unknown.status == 2 && unknown.stderr.contains("trained no model 'm22'; did you mean 'm2'?"))
        }

        @Test("more than four runs have a line each under short headings, and fewer where it is asked for")
        func aLineARun() throws {
            let columns = try place.pipeline.run("compare", loop, loop).stdoutLines
            let few = try place.pipeline.run("compare", loop, loop, "--transpose").stdoutLines
            let five = try place.pipeline.run("compare", loop, loop, loop, loop, loop)
            #expect(five.stderr.isEmpty && five.status == 0, "\(five.stderr)")
            let four = try place.pipeline.run("compare", loop, loop, loop, loop).stdoutLines
            #expect(four.count == columns.count && four.first?.split(separator: " ").count == 4)
            func words(_ lines: [Substring]) -> [[String]] {
                lines.map { $0.split(separator: " ").map(String.init) }
            }
            #expect(words(few).first == ["model", "stages", "shared", "reused", "anew"])
            let stages = String(SmokeLoop.stageCount)
            #expect(words(few)[1] == [loop, "m3", stages, stages, "0", stages])
            // Every block has its headings, and then its runs.
            #expect(words(few).count { $0.first == loop } == 8)
            #expect(words(five.stdoutLines).count { $0.first == loop } == 20)
            let training = try #require(few.firstIndex(of: "training"))
            #expect(words(few)[training + 1].prefix(4) == ["rows", "loss", "accuracy", "margin"])
            // A value without its interval and count, which the column has: `.52 [.41 .60] 42`.
            let judging = try #require(few.firstIndex(of: "judging held-out rankings"))
            let cells = words(few)[judging + 2]
            #expect(
                words(few)[judging + 1].suffix(9)
                    == ["entropy", "pairwise", "ties", "half", "tied", "exact", "Spearman", "τ-b", "Pearson"])
            let row = try #require(words(columns).first { $0.prefix(2) == ["pairwise", "accuracy"] })
            #expect(cells.contains(row[2]) && !few[judging + 2].contains("["))
            #expect((few + five.stdoutLines).allSatisfy { $0.count <= 130 })
            // What programs read is the same.
            let json = try place.pipeline.run("compare", loop, loop, "--json").stdout
            #expect(try place.pipeline.run("compare", loop, loop, "--transpose", "--json").stdout == json)
        }

        @Test("every ablation runs, and shares what it has in common", .enabled(if: isNightly, "slow: set NIGHTLY=1"))
        func all() throws {
            let folder = place.folder.appending(path: "pipelines/ablations")
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
                let name = String(file.dropLast(".yaml".count)), report = try run(name)
                // Another rubric changes what is made of the seeds, not the seeds.
                let shared = name == "five-level-rubric" ? ["made", "m0", "sft"] : Self.common
                #expect(report.cached.isSuperset(of: shared), "\(name)")
                #expect(!report.ran.isEmpty && report.cached.union(report.ran) == report.names, "\(name)")
            }
            let table = try place.pipeline.run("compare").stdoutLines
            #expect(table.first?.contains("loss-ipo") == true)
        }
    }
}
