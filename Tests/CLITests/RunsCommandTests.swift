import Foundation
import Testing

@Suite("Looking at earlier runs")
struct RunsCommandTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        try #require(try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=1").status == 0)
    }

    @Test("the list begins with the newest, and says how each ended")
    func list() throws {
        let lines = try place.pipeline.run("runs", "ls").stdoutLines
        #expect(lines.count == 3 && lines[0].hasPrefix("RUN "))
        #expect(lines[1].contains("  done") && lines[2].contains("  done"))
        let json = try place.pipeline.run("runs", "ls", "--json").json()
        #expect(json["schema"] as? String == "pipeline.runs/1")
        let runs = try #require(json["runs"] as? [[String: Any]])
        let names = runs.compactMap { $0["run"] as? String }
        #expect(names.count == 2 && lines[1].hasPrefix(names[0]))
        #expect((runs[0]["command"] as? [String: Any])?["settings"] as? [String] == ["seeds.ift=1"])
    }

    @Test("one run is shown with its command and the reason of each stage")
    func show() throws {
        let newest = try place.pipeline.run("runs", "show")
        #expect(
            newest.stdoutLines.contains("file      seeds.yaml")
                && newest.stdoutLines.contains("set       seeds.ift=1"))
        #expect(newest.stdout.contains("parameter 'ift' changed from "))
        let names = try place.pipeline.run("runs", "ls").stdoutLines.dropFirst().map { $0.prefix { $0 != " " } }
        let first = try #require(names.last)
        let shown = try place.pipeline.run("runs", "show", String(first))
        #expect(shown.stdout.contains("never ran") && !shown.stdout.contains("seeds.ift=1"))
    }

    @Test("a run without a summary whose process is gone was killed; one that fails is called so")
    func ends() throws {
        let runs = place.folder.appending(path: "artifacts/runs")
        let newest = try #require(FileManager.default.contentsOfDirectory(atPath: runs.path).max())
        try FileManager.default.removeItem(at: runs.appending(path: "\(newest)/summary.json"))
        #expect(try place.pipeline.run("runs", "ls").stdoutLines.contains { $0.contains("  killed ") })
        #expect(try place.pipeline.run("runs", "show").stdoutLines.contains { $0.hasPrefix("seeds  ran ") })
        // The others of this store have a summary still.
        let others = try FileManager.default.contentsOfDirectory(atPath: runs.path).filter { $0 != newest }
        for run in others { try FileManager.default.removeItem(at: runs.appending(path: run)) }
        let report = try place.pipeline.run("report")
        #expect(report.status != 0 && report.stderr.contains("run '\(newest)' was killed and left no summary"))
        #expect(try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=100000").status == 1)
        let failed = try place.pipeline.run("runs", "show")
        #expect(failed.stdoutLines.contains("end       failed") && failed.stdout.contains("100000"))
    }

    @Test("the log tells what happened, of one stage if asked, and as JSON")
    func logs() throws {
        let lines = try place.pipeline.run("runs", "logs", "--stage", "seeds").stdoutLines
        let day = try #require(try place.pipeline.run("runs", "ls").stdoutLines.dropFirst().first).prefix(10)
        #expect(lines.first.map(String.init) == "\(day), UTC" && lines.filter { $0.hasSuffix(", UTC") }.count <= 2)
        #expect(lines.contains { $0.contains("stage started  seeds") })
        #expect(lines.contains { $0.contains("stage finished  seeds") && $0.contains("outcome ran") })
        #expect(!lines.contains { $0.contains("run started") })
        let events = try place.pipeline.run("runs", "logs", "--json").stdoutLines
        #expect(events.count == 1 && events[0].contains(#""event":"run_started""#))
        #expect(events[0].contains(#""schema":"pipeline.events/1""#))
        let unknown = try place.pipeline.run("runs", "logs", "--stage", "seed-prep")
        #expect(unknown.status == 2 && unknown.stderr.contains("nothing happened to a stage 'seed-prep' in run '"))
    }

    @Test("a run that is not there")
    func unknown() throws {
        let result = try place.pipeline.run("runs", "show", "1999")
        #expect(result.status == 2)
        #expect(result.stderr.contains("no run '1999' in this store; '\(Binary.url.path) runs ls' shows all"))
    }
}
