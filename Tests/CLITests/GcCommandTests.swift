import Foundation
import Testing

@Suite("Collecting through the program")
struct GcCommandTests {
    let place: Workplace

    /// Two runs: the first made another selection of seeds.
    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
        for size in [2, 3] {
            let run = try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=\(size)")
            try #require(run.status == 0, "\(run.stderr)")
        }
    }

    @Test("it says what keeps what and what would go, removes that and nothing else, and then finds nothing")
    func collect() throws {
        #expect(try place.pipeline.run("gc").stdoutLines.last?.hasPrefix("nothing to remove; 2 results, ") == true)
        let before = place.storedFiles(in: ["."])
        let dry = try place.pipeline.run("gc", "--keep-last", "1", "--dry-run")
        #expect(dry.status == 0 && dry.stderr.isEmpty)
        #expect(dry.stdoutLines[0].split(separator: " ") == ["KEPT", "BY", "RESULTS", "BECAUSE"])
        #expect(
            dry.stdoutLines[1].hasPrefix("run ") && dry.stdoutLines[1].hasSuffix("  among the newest of 'seeds-only'")
        )
        #expect(dry.stdout.contains("\nWOULD GO  KEY ") && dry.stdout.contains("\nseeds "))
        #expect(dry.stdoutLines.last?.hasPrefix("would remove 1 result, ") == true)
        #expect(place.storedFiles(in: ["."]) == before)

        let json = try place.pipeline.run("gc", "--keep-last", "1", "--json").json()
        #expect(json["schema"] as? String == "pipeline.gc/1" && json["dry_run"] as? Bool == false)
        let removed = try #require(json["removed"] as? [String: Any])
        #expect((removed["results"] as? [[String: Any]])?.count == 1 && (removed["bytes"] as? Int ?? 0) > 0)
        #expect(try place.pipeline.run("verify", "--read-data").status == 0)
        let again = try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=3", "--json").json()
        #expect((again["stages"] as? [String: Int])?["cached"] == 1)
        #expect(
            try place.pipeline.run("gc", "--keep-within", "30d").stdoutLines.last?.hasPrefix("nothing to remove")
                == true)
    }

    @Test("what was collected is marked in the list of runs, and cannot be compared")
    func collectedRuns() throws {
        #expect(try place.pipeline.run("runs", "ls").stdoutLines.dropFirst().allSatisfy { $0.hasSuffix("  kept") })
        try #require(try place.pipeline.run("gc", "--keep-last", "1").status == 0)
        let lines = try place.pipeline.run("runs", "ls").stdoutLines
        #expect(lines[0].hasSuffix("  RESULTS") && lines[1].hasSuffix("  kept") && lines[2].hasSuffix("  gone"))
        let runs = lines.dropFirst().map { String($0.prefix { $0 != " " }) }
        let shown = try place.pipeline.run("runs", "show", runs[1]).stdoutLines
        #expect(shown.contains("results   gone; re-run that pipeline to rebuild what is missing"))
        #expect(shown.contains { $0.hasPrefix("seeds  ran ") && $0.contains("  gone    never ran") })
        #expect(try place.pipeline.run("runs", "show").stdoutLines.contains("results   kept"))
        let listed = try place.pipeline.run("runs", "ls", "--json").json()["runs"] as? [[String: Any]]
        #expect(listed?.map { ($0["results"] as? [String: Any])?["gone"] as? [String] } == [[], ["seeds"]])

        let loss =
            "cannot be compared: the store no longer has what run \(runs[1]) had of 'seeds'; re-run that pipeline to "
            + "rebuild it\n"
        for section in ["--rows", "--params"] {
            let result = try place.pipeline.run("diff", runs[1], runs[0], section, "--exit-code")
            #expect(result.status == 10 && result.stdout == loss, "\(result.stdout)\(result.stderr)")
            #expect(try place.pipeline.run("diff", runs[1], runs[0], section).status == 0)
        }
        let stages = try place.pipeline.run("diff", runs[1], runs[0], "--exit-code")
        #expect(stages.status == 10)
        #expect(
            stages.stdout.hasPrefix(
                "seeds (seed-prep) differs; why is not known: the store no longer has its result in run \(runs[1])\n")
        )
        // No output of the stage holds measurements.
        let metrics = try place.pipeline.run("diff", runs[1], runs[0], "--metrics", "--exit-code")
        #expect(metrics.status == 0 && metrics.stdout == "no measurements differ\n")

        let json = try place.pipeline.run("diff", runs[0], runs[1], "--rows", "--json").json()
        #expect(json["different"] is NSNull)
        let lost = try #require((json["not_compared"] as? [[String: Any]])?.first)
        #expect(lost["run"] as? String == runs[1] && lost["stages"] as? [String] == ["seeds"])
        #expect(try place.pipeline.run("diff", runs[1], runs[1], "--rows", "--exit-code").status == 0)
    }

    @Test("a result that was never to be kept is not missing")
    func uncached() throws {
        try place.write("stages: {seeds: {cache: false}}", to: "never.yaml")
        try #require(
            try place.pipeline.run("run", "seeds.yaml", "-f", "never.yaml", "--set", "seeds.ift=4").status == 0)
        #expect(try place.pipeline.run("runs", "ls").stdoutLines[1].hasSuffix("  –"))
        #expect(try !place.pipeline.run("runs", "show").stdout.contains("\nresults "))
    }

    @Test("finished runs are counted; an interrupted one after them keeps what it did, and can be gone on from")
    func interrupted() throws {
        place.pipeline.environment["PIPELINE_FAILPOINT"] = "indexed:kill"
        #expect(try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=4").status == SIGKILL)
        place.pipeline.environment["PIPELINE_FAILPOINT"] = nil
        let said = try place.pipeline.run("gc", "--keep-last", "1").stdout
        #expect(said.contains("  the latest unfinished of 'seeds-only'"))
        #expect(said.contains("  among the newest of 'seeds-only'") && said.contains("removed 1 result, "))
        let resumed = try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=4", "--json").json()
        #expect((resumed["stages"] as? [String: Int])?["cached"] == 1)
        let seconds = try place.pipeline.run("gc", "--keep-within", "30s", "--dry-run")
        #expect(seconds.status == 0 && seconds.stdout.contains("  young enough, of 'seeds-only'"))
    }

    @Test("a pin keeps an old result, and its list says since when and why")
    func pin() throws {
        let all = try place.pipeline.run("artifacts", "ls", "--all", "--json").json()
        let old = try #require(
            (all["artifacts"] as? [[String: Any]])?.first {
                $0["current"] as? Bool == false && $0["port"] as? String == "examples"
            })
        let digest = try #require(old["digest"] as? String)
        let pinned = try place.pipeline.run("artifacts", "pin", String(digest.prefix(12)), "--note", "the first")
        #expect(pinned.status == 0 && pinned.stderr.hasPrefix("pinned seeds.examples@"))
        let list = try place.pipeline.run("artifacts", "pin").stdoutLines
        #expect(list[0].hasPrefix("PIN ") && list[1].hasSuffix("  the first"))
        #expect(try place.pipeline.run("gc", "--keep-last", "1").stdout.contains("pinned: the first"))
        #expect(try place.pipeline.run("artifacts", "cat", digest).status == 0)
        #expect(try place.pipeline.run("artifacts", "unpin", "seeds.examples@").status == 0)
        #expect(try place.pipeline.run("gc", "--keep-last", "1").stdout.contains("removed 1 result"))
    }

    @Test(
        "wrong options",
        arguments: [
            (["--keep-within", "soon"], "'soon' is no time; write a number and s, m, h, d or w, as in 30d"),
            (["--keep-last=-1"], "--keep-last is -1; it must be 0 or more"),
            (["--forget", "seed"], "no pipeline 'seed'; there are 'seeds-only'"),
        ])
    func usage(options: [String], says: String) throws {
        let result = try place.pipeline.run(["gc"] + options)
        #expect(result.status == 2 && result.stderr.contains(says), "\(result.stderr)")
    }

    @Test("a pin that is not there, and a store that is not there")
    func absent() throws {
        let pin = try place.pipeline.run("artifacts", "unpin", "m3")
        #expect(pin.status == 2 && pin.stderr == "error: no pin 'm3'; this store has none\n")
        #expect(try place.pipeline.run("gc", "--store", "nowhere").status == 15)
    }
}
