import Foundation
import Testing

@Suite("What commands write")
struct OutputTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
    }

    @Test("run --json ends stdout with the counts, and writes nothing else there")
    func runJSON() throws {
        let first = try place.pipeline.run("run", "seeds.yaml", "--json")
        #expect(first.status == 0)
        #expect(first.stdoutLines.count == 1)
        let json = try first.json()
        #expect(json["schema"] as? String == "pipeline.run/1")
        #expect((json["run"] as? String)?.isEmpty == false)
        #expect(json["stages"] as? [String: Int] == ["total": 1, "cached": 0, "ran": 1, "failed": 0, "skipped": 0])
        let second = try place.pipeline.run("run", "seeds.yaml", "--json").json()
        #expect(second["stages"] as? [String: Int] == ["total": 1, "cached": 1, "ran": 0, "failed": 0, "skipped": 0])
    }

    @Test("without a terminal there are no control codes, and a line a state change")
    func plainText() throws {
        let result = try place.pipeline.run("run", "seeds.yaml")
        #expect(!result.hasControlCodes)
        #expect(result.stderrLines.contains { $0.hasPrefix("seeds: started") })
        #expect(result.stderrLines.contains { $0.hasPrefix("seeds: done") })
        #expect(result.stdout.contains("1 stage: 0 cached, 1 ran, 0 failed, 0 skipped · "))
        #expect(result.stdout.contains("\(Binary.url.path) artifacts ls"))
        #expect(result.stdoutLines.contains { $0.hasPrefix("slowest: seeds ") && $0.contains(" · peak memory ") })
        let again = try place.pipeline.run("run", "seeds.yaml")
        #expect(!again.stdout.contains("slowest"))
    }

    @Test("plan, status and artifacts ls have the promised shapes")
    func shapes() throws {
        let before = try place.pipeline.run("plan", "seeds.yaml", "--json").json()
        #expect(!place.exists("artifacts"))
        #expect(before["schema"] as? String == "pipeline.plan/1")
        let stage = try #require((before["stages"] as? [[String: Any]])?.first)
        #expect(stage["name"] as? String == "seeds")
        #expect(stage["stage"] as? String == "seed-prep")
        #expect(stage["state"] as? String == "run")
        #expect(stage["reason"] as? String == "never ran")
        #expect((stage["key"] as? String)?.count == 64)

        _ = try place.pipeline.run("run", "seeds.yaml")
        let status = try place.pipeline.run("status", "--json").json()
        #expect((status["stages"] as? [[String: Any]])?.first?["state"] as? String == "cached")
        #expect((status["stages"] as? [[String: Any]])?.first?["seconds"] is Double)
        #expect(try place.pipeline.run("status").stdoutLines.first?.contains("  TOOK  ") == true)

        let listed = try place.pipeline.run("artifacts", "ls", "--json").json()
        #expect(listed["schema"] as? String == "pipeline.artifacts/1")
        let artifacts = try #require(listed["artifacts"] as? [[String: Any]])
        let examples = try #require(artifacts.first { $0["name"] as? String == "seeds.examples" })
        #expect(examples["record"] as? String == "example/1")
        #expect((examples["digest"] as? String)?.count == 64)
        #expect((examples["rows"] as? Int ?? 0) > 0)
        #expect((examples["bytes"] as? Int ?? 0) > 0)
    }

    @Test("--exit-code tells a script what is out of date")
    func exitCode() throws {
        #expect(try place.pipeline.run("plan", "seeds.yaml", "--exit-code").status == 10)
        _ = try place.pipeline.run("run", "seeds.yaml")
        #expect(try place.pipeline.run("plan", "seeds.yaml", "--exit-code").status == 0)
        #expect(try place.pipeline.run("status", "--exit-code", "--set", "seeds.language=de").status == 10)
    }

    @Test("why names the parameter with its old and its new value")
    func why() throws {
        _ = try place.pipeline.run("run", "seeds.yaml")
        let hit = try place.pipeline.run("why", "seeds")
        #expect(hit.stdout.contains("is cached"))
        let changed = try place.pipeline.run("why", "seeds", "seeds.yaml", "--set", "seeds.language=de")
        #expect(changed.stdout.contains(#"parameter 'language' changed: "en" → "de""#))
        let json = try place.pipeline.run("why", "seeds", "--set", "seeds.language=de", "--json").json()
        let reason = try #require((json["reasons"] as? [[String: Any]])?.first)
        #expect(reason["what"] as? String == "parameter-changed")
        #expect(reason["path"] as? String == "language")
        #expect(reason["old"] as? String == "en")
        #expect(reason["new"] as? String == "de")
    }

    @Test("artifacts show and cat agree on the rows")
    func artifacts() throws {
        _ = try place.pipeline.run("run", "seeds.yaml")
        let lines = try place.pipeline.run("artifacts", "cat", "seeds.examples").stdoutLines
        let shown = try place.pipeline.run("artifacts", "show", "seeds.examples", "--rows", "2..3", "--json").json()
        let rows = try #require(shown["shown"] as? [[String: Any]])
        #expect(rows.count == 2)
        for (line, row) in zip(lines[1...2], rows) {
            #expect(line.contains("\"id\":\"\(row["id"] as? String ?? "?")\""))
        }
        #expect(shown["rows"] as? Int == lines.count)
        let several = try place.pipeline.run("artifacts", "show", "seeds")
        #expect(several.status == 2)
        #expect(several.stderr.contains("'seeds.ledger'"))
        let misspelt = try place.pipeline.run("artifacts", "show", "seeds.exmples")
        #expect(misspelt.status == 2)
        #expect(misspelt.stderr.contains("did you mean 'seeds.examples'?"))
        let short = try place.pipeline.run("artifacts", "show", "abc")
        #expect(short.status == 2)
        #expect(
            short.stderr
                == "error: no artifact 'abc'; a digest is named by 4 digits or more, and '\(Binary.url.path) artifacts ls' "
                + "shows all\n")
        let beyond = try place.pipeline.run("artifacts", "show", "seeds.examples", "--row", "100000")
        #expect(beyond.status == 2)
    }

    @Test("the store is named by --store or PIPELINE_STORE; a missing one exits with 15")
    func store() throws {
        _ = try place.pipeline.run("run", "seeds.yaml", "--store", "elsewhere")
        #expect(place.exists("elsewhere/index.sqlite"))
        #expect(!place.exists("artifacts"))
        let missing = try place.pipeline.run("artifacts", "ls")
        #expect(missing.status == 15)
        #expect(missing.stderr.contains("--store"))
        for command in [["status"], ["status", "seeds.yaml"], ["why", "seeds"], ["why", "seeds", "seeds.yaml"]] {
            let result = try place.pipeline.run(command)
            #expect(result.status == 15 && result.stderr == missing.stderr, "\(result.stderr)")
        }
        place.pipeline.environment["PIPELINE_STORE"] = "elsewhere"
        #expect(try place.pipeline.run("artifacts", "ls").status == 0)
    }

    @Test("a file in the place of the store exits with 15, and is a problem for doctor")
    func storeIsFile() throws {
        for command in [["run", "seeds.yaml"], ["artifacts", "ls"], ["doctor"]] {
            let result = try place.pipeline.run(command + ["--store", "seeds.yaml"])
            #expect(result.status == 15)
            #expect((result.stdout + result.stderr).contains("the store 'seeds.yaml' is a file; name a folder"))
        }
    }

    @Test("a run is no less good for nobody reading its summary; one that cannot be written is told of")
    func unreadSummary() throws {
        func status(_ command: String) throws -> Binary.Result {
            var pipeline = place.pipeline
            pipeline.launcher = ["/bin/sh", "-c", command]
            return try pipeline.run("run", "seeds.yaml", "--force", "seeds")
        }
        #expect(try status("exec \"$0\" \"$@\" >&-").status == 0)
        let full = try status("exec \"$0\" \"$@\" >/dev/full")
        #expect(full.status == 1)
        #expect(full.stderrLines.last == "error: cannot write to stdout: no space left on device")
        _ = try status("{ \"$0\" \"$@\"; echo $? >status; } | true")
        #expect(try String(contentsOf: place.folder.appending(path: "status"), encoding: .utf8) == "0\n")
        #expect(try place.pipeline.run("artifacts", "ls").status == 0)
    }

    @Test("a stage that fails ends the run with 1, and with 3 under -k")
    func failure() throws {
        try place.write("{\"no\": \"tree\"}\n", to: "broken.jsonl")
        try place.writeSeedPipeline(source: "{path: broken.jsonl}")
        let result = try place.pipeline.run("run", "seeds.yaml", "--json")
        #expect(result.status == 1)
        #expect(
            try result.json()["stages"] as? [String: Int] == [
                "total": 1, "cached": 0, "ran": 0, "failed": 1, "skipped": 0,
            ])
        #expect(try result.errorJSON()["code"] as? Int == 1)
        #expect(try place.pipeline.run("run", "seeds.yaml", "-k").status == 3)
        for command in ["status", "plan"] {
            let failed = try place.pipeline.run(command, "seeds.yaml")
            #expect(failed.stdout.contains("failed last time: "))
            #expect(failed.stdoutLines.last == "1 stage: 0 cached, 1 to run (1 failed last time)")
            // What failed then was another computation.
            let changed = try place.pipeline.run(command, "seeds.yaml", "--set", "seeds.language=de")
            #expect(changed.stdoutLines.last == "1 stage: 0 cached, 1 to run")
        }
    }

    @Test("after a failure the same command is shown, as a shell reads it, less what was forced")
    func again() throws {
        try place.write("{\"no\": \"tree\"}\n", to: "broken.jsonl")
        try place.writeSeedPipeline(source: "{path: broken.jsonl}")
        let result = try place.pipeline.run(
            "run", "seeds.yaml", "--set", "seeds.language=e n", "--force", "seeds", "--until", "seeds", "--store",
            "it's")
        #expect(result.status == 1)
        let command = "run seeds.yaml --set 'seeds.language=e n' --until seeds --store 'it'\\''s'"
        #expect(result.stdout.contains("this runs the rest: \(Binary.url.path) \(command)\n"), "\(result.stdout)")
    }

    @Test("doctor and version answer in JSON")
    func machine() throws {
        let doctor = try place.pipeline.run("doctor", "--json").json()
        #expect(doctor["schema"] as? String == "pipeline.doctor/1")
        let arithmetic = try #require(doctor["arithmetic"] as? [String: Any])
        for name in ["f32_forward", "f32_gradients", "bf16_forward", "bf16_gradients", "q8_forward"] {
            #expect((arithmetic[name] as? Double ?? 0) > 0, "\(name)")
        }
        let version = try place.pipeline.run("version", "--json").json()
        #expect(version["schema"] as? String == "pipeline.version/1")
        #expect((version["stages"] as? [Any])?.isEmpty == false)
    }

    @Test("the graph names every port, as text and for Mermaid")
    func graph() throws {
        #expect(try place.pipeline.run("graph", "seeds.yaml").stdout.contains("trees ← trees"))
        let mermaid = try place.pipeline.run("graph", "seeds.yaml", "--format", "mermaid").stdout
        #expect(mermaid.hasPrefix("flowchart TD\n"))
        #expect(mermaid.contains("source0 -->|trees| stage0"))
        let json = try place.pipeline.run("graph", "seeds.yaml", "--json").json()
        #expect(json["schema"] as? String == "pipeline.graph/1")
        let stage = try #require((json["stages"] as? [[String: Any]])?.first)
        #expect(stage["name"] as? String == "seeds")
        let input = try #require((stage["inputs"] as? [[String: Any]])?.first)
        #expect(input["port"] as? String == "trees")
        #expect(input["from"] as? [String] == ["trees"])
    }
}
