import Foundation
import Testing

extension SmokeLoop {
    // One at a time: each blocks a thread while the program runs, and tests with a time limit need one too.
    @Suite("Rows of results", .serialized)
    struct RowTests {
        let place: Workplace
        let finished: FinishedLoop

        init() throws { (place, finished) = try Workplace.afterLoop() }

        private func lines(_ arguments: String...) throws -> [Substring] {
            let result = try place.pipeline.run(["artifacts"] + arguments)
            #expect(result.status == 0 && result.stderr.isEmpty, "\(result.stderr)")
            return result.stdoutLines
        }

        @Test("head writes the first rows as cat does, those that fit a condition only")
        func head() throws {
            let all = try lines("cat", "m3.candidates")
            #expect(try lines("head", "m3.candidates") == Array(all.prefix(10)))
            #expect(try lines("head", "m3.candidates", "-n", "3") == Array(all.prefix(3)))
            #expect(try lines("head", "m3.candidates", "-n", "1000") == all)
            #expect(try lines("head", "m3.candidates", "-n", "0").isEmpty)
            let first = try lines("cat", "m3.candidates", "--where", "index == 0")
            #expect(first.count == 16 && first.allSatisfy { $0.contains("\"index\":0,") })
            #expect(try lines("head", "m3.candidates", "-n", "2", "--where", "index == 0") == Array(first.prefix(2)))
        }

        @Test("sample draws the same rows for one seed, in the artifact's order")
        func sample() throws {
            let all = try lines("cat", "m3.candidates").map(String.init)
            let drawn = try lines("sample", "m3.candidates", "-n", "8", "--seed", "3").map(String.init)
            #expect(drawn.count == 8 && drawn == all.filter(Set(drawn).contains))
            #expect(try lines("sample", "m3.candidates", "-n", "8", "--seed", "3").map(String.init) == drawn)
            #expect(try lines("sample", "m3.candidates", "-n", "8", "--seed", "4").map(String.init) != drawn)
            let fewer = try lines("sample", "m3.candidates", "-n", "2", "--seed", "3").map(String.init)
            #expect(Set(fewer).isSubset(of: drawn))
            let chosen = try lines("sample", "m3.candidates", "-n", "4", "--where", "index == 2")
            #expect(chosen.count == 4 && chosen.allSatisfy { $0.contains("\"index\":2,") })
        }

        @Test("stats says of each field what is in it")
        func stats() throws {
            let table = try lines("stats", "seeds.ledger", "--where", "decision == 'kept' and reason == 'ift'")
            #expect(
                table.first
                    == "seeds.ledger, ledger-entry/1: 48 of 478 rows where decision == 'kept' and reason == 'ift'")
            #expect(
                table.dropFirst().first?.split(separator: " ").joined(separator: " ")
                    == "FIELD VALUES MISSING NULL OF MIN MEAN MEDIAN MAX DISTINCT MOST FREQUENT")
            #expect(
                table.contains(
                    "decision      48        0     0  lengths    4     4       4    4         1  kept ×48"),
                "\(table)")

            let json = try place.pipeline.run("artifacts", "stats", "m3.candidates", "--json").json()
            #expect(json["schema"] as? String == "pipeline.stats/1" && json["rows"] as? Int == 48)
            #expect(json["digest"] as? String == finished.digests["m3.candidates.candidates"])
            let fields = try #require(json["fields"] as? [[String: Any]])
            #expect(
                fields.map { $0["path"] as? String } == [
                    "finish", "id", "index", "prompt", "prompt_id", "text", "tokens",
                ])
            let index = try #require(fields[2]["numbers"] as? [String: Double])
            // Three candidates for each of 16 prompts: 0, 1, 2.
            #expect(index == ["count": 48, "min": 0, "mean": 1, "median": 1, "max": 2])
            #expect(fields[2]["distinct"] as? Int == 3 && fields[2]["missing"] as? Int == 0)
            #expect((fields[1]["lengths"] as? [String: Double])?["median"] == 20)
        }

        @Test(
            "a condition that cannot be read is shown at its place, with status 2",
            arguments: ["cat", "head", "sample", "stats"])
        func malformed(command: String) throws {
            let result = try place.pipeline.run("artifacts", command, "m3.pairs", "--where", "chosen_score => 4")
            #expect(result.status == 2 && result.stdout.isEmpty)
            #expect(
                result.stderr
                    == "error: condition: '=' means nothing here; equality is '=='\n  chosen_score => 4\n"
                    + "               ^\n")
        }

        @Test(
            "a condition on a field that no row has ends with 2 and names the one that was meant",
            arguments: ["cat", "head", "sample", "stats"])
        func absentField(command: String) throws {
            let result = try place.pipeline.run("artifacts", command, "m3.pairs", "--where", "chosen_scor >= 4")
            #expect(result.status == 2 && result.stdout.isEmpty)
            #expect(
                result.stderr
                    == "error: no row of 'm3.pairs.pairs' has a field 'chosen_scor'; did you mean 'chosen_score'?\n")
        }

        @Test("a part of a field's name is answered with the fields that have it")
        func partOfName() throws {
            let result = try place.pipeline.run("artifacts", "cat", "m3.pairs", "--where", "score > 2")
            #expect(result.status == 2)
            #expect(
                result.stderr
                    == "error: no row of 'm3.pairs.pairs' has a field 'score'; there are 'chosen_score', "
                    + "'rejected_score'; a text is written in quotes\n")
        }

        @Test("rows that fit are written all the same, and a word without quotes is taken for a field")
        func partlyAbsentField() throws {
            let all = try lines("cat", "m3.candidates")
            let result = try place.pipeline.run(
                "artifacts", "cat", "m3.candidates", "--where", "index >= 0 or finish == stop")
            #expect(result.status == 2 && result.stdoutLines == all)
            #expect(
                result.stderr
                    == "error: no row of 'm3.candidates.candidates' has a field 'stop'; there are 'finish', 'id', 'index', "
                    + "'prompt', 'prompt_id', 'text', …; a text is written in quotes\n")
            // Enough rows were found before all were read: one of the others may have it.
            let some = try place.pipeline.run(
                "artifacts", "head", "m3.candidates", "-n", "1", "--where", "index >= 0 or finish == stop")
            #expect(some.status == 2 || some.stderr.isEmpty)
        }

        @Test("asking whether a field is there is no mistake, and no row is no news")
        func absenceAskedFor() throws {
            let result = try place.pipeline.run("artifacts", "cat", "m3.candidates", "--where", "indx == null")
            #expect(try result.status == 0 && result.stdoutLines == lines("cat", "m3.candidates"))
            #expect(
                result.stderr
                    == "note: no row of 'm3.candidates.candidates' has a field 'indx'; did you mean 'index'?\n")
            #expect(try lines("cat", "m3.candidates", "--where", "index > 7").isEmpty)
        }

        @Test(
            "a comparison that no row's types allow says what they are, with status 0",
            arguments: [
                (
                    "index == '0'",
                    "'index == \"0\"' can hold for no row of 'NAME': 'index' is a number, '\"0\"' is a text"
                ),
                ("text > 4", "'text > 4' can hold for no row of 'NAME': 'text' is a text, '4' is a number"),
                ("index ~ 1", "'index ~ 1' can hold for no row of 'NAME': 'index' is a number, '1' is a number"),
            ])
        func unlikeTypes(condition: String, says: String) throws {
            let result = try place.pipeline.run("artifacts", "cat", "m3.candidates", "--where", condition)
            #expect(result.status == 0 && result.stdout.isEmpty)
            #expect(result.stderr == "note: \(says.replacing("NAME", with: "m3.candidates.candidates"))\n")
        }

        @Test("a number of rows below 0 is refused as such", arguments: ["head", "sample"])
        func negativeCount(command: String) throws {
            let result = try place.pipeline.run("artifacts", command, "m3.candidates", "-n", "-1")
            #expect(result.status == 2 && result.stdout.isEmpty)
            #expect(result.stderr.hasPrefix("Error: -n is -1; it must be 0 or more\n"), "\(result.stderr)")
        }

        @Test("an artifact can be named as a run had it")
        func runReference() throws {
            let run = try #require(place.newestRuns().first)
            for name in ["latest/m3.pairs/pairs", "\(run)/m3.pairs", "\(run.prefix(13))/m3.pairs.pairs"] {
                #expect(try lines("cat", name) == lines("cat", "m3.pairs"))
            }
            func error(_ name: String) throws -> String {
                let result = try place.pipeline.run("artifacts", "cat", name)
                #expect(result.status == 2)
                return result.stderr
            }
            #expect(
                try error("latest/m3.pair") == "error: no stage 'm3.pair' in run '\(run)'; did you mean 'm3.pairs'?\n"
            )
            #expect(
                try error("latest/m3.pairs/rows")
                    == "error: no output 'latest/m3.pairs/rows'; there are '\(run)/m3.pairs/ledger', "
                    + "'\(run)/m3.pairs/pairs'\n")
            #expect(
                try error("1999/m3.pairs")
                    == "error: no run '1999' in this store; '\(Binary.url.path) runs ls' shows all\n")
        }

        @Test("text of a model cannot command the screen")
        func controlCodes() throws {
            try place.writeSeedPipeline(source: "{path: trees.jsonl}")
            let source = SmokeLoop.file.replacing("smoke.yaml", with: "data/seed-trees.jsonl")
            let trees = try String(contentsOfFile: source, encoding: .utf8)
            try place.write(trees.replacing("\"text\":\"", with: "\"text\":\"\\u001b[31m\\u202e"), to: "trees.jsonl")
            _ = try place.pipeline.run("run", "seeds.yaml", "--store", "other")
            let id = try #require(place.rows("seeds.examples", "--store", "other").first?["id"] as? String)
            for arguments in [
                ["lineage", "seeds.examples", "--row", id, "--full"], ["artifacts", "stats", "seeds.examples"],
                ["lineage", "seeds.examples", "--row", id, "--format", "mermaid"],
            ] {
                let result = try place.pipeline.run(arguments + ["--store", "other"])
                #expect(result.status == 0 && !result.hasControlCodes, "\(result.stderr)")
            }
        }
    }
}

extension Workplace {
    /// The runs of the store, the newest first.
    func newestRuns() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "artifacts/runs").path)
            .sorted(by: >)
    }
}
