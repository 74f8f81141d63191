import Foundation
import Testing

@Suite("Questions without a file are about the newest run")
struct NewestRunTests {
    let place: Workplace
    let run: String

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
        try place.write("stages: {seeds: {params: {ift: 15%}}}", to: "share of.yaml")
        try #require(try place.pipeline.run("run", "seeds.yaml", "-f", "share of.yaml").status == 0)
        try #require(
            try place.pipeline.run("run", "seeds.yaml", "-f", "share of.yaml", "--set", "seeds.ift=3").status == 0)
        let newest = try place.pipeline.run("runs", "ls").stdoutLines.dropFirst().first
        run = String(try #require(newest?.prefix { $0 != " " }))
    }

    @Test("what was taken over is said on stderr, or in the JSON", arguments: [["status"], ["why", "seeds"]])
    func takenOver(command: [String]) throws {
        let result = try place.pipeline.run(command)
        #expect(result.status == 0 && result.stdout.contains("cached"))
        #expect(result.stderr == "as in run \(run): seeds.yaml -f 'share of.yaml' --set seeds.ift=3\n")

        let json = try place.pipeline.run(command + ["--json"])
        #expect(json.stderr.isEmpty)
        let taken = try #require(try json.json()["taken_over"] as? [String: Any])
        let asked = try #require(taken["command"] as? [String: Any])
        #expect(taken["run"] as? String == run && asked["file"] as? String == "seeds.yaml")
        #expect(asked["overlays"] as? [String] == ["share of.yaml"])
        #expect(asked["settings"] as? [String] == ["seeds.ift=3"])
    }

    @Test("with a file nothing is taken over", arguments: [["status"], ["why", "seeds"]])
    func named(command: [String]) throws {
        let result = try place.pipeline.run(command + ["seeds.yaml"])
        #expect(result.status == 0 && result.stderr.isEmpty)
        #expect(try place.pipeline.run(command + ["seeds.yaml", "--json"]).json()["taken_over"] is NSNull)
    }

    @Test("sizes are shown as a pipeline file writes them, also where a key holds them as texts")
    func sizes() throws {
        func why(_ value: String) throws -> [Substring] {
            try place.pipeline.run("why", "seeds", "seeds.yaml", "--set", "seeds.ift=\(value)").stdoutLines
        }
        #expect(try why("4")[1] == "  parameter 'ift' changed: 3 → 4")
        #expect(try why("20%")[1] == "  parameter 'ift' changed: 3 → 20%")
        #expect(try why("rest")[1] == "  parameter 'ift' changed: 3 → \"rest\"")
        let earlier = try place.pipeline.run("runs", "ls").stdoutLines[2].prefix { $0 != " " }
        let params = try place.pipeline.run("diff", String(earlier), run, "--params").stdoutLines
        #expect(params[1].split(separator: " ") == ["seeds", "ift", "15%", "3"])
        let json = try place.pipeline.run("why", "seeds", "seeds.yaml", "--set", "seeds.ift=4", "--json").json()
        let reason = try #require((json["reasons"] as? [[String: Any]])?.first)
        #expect(reason["old"] as? String == "3" && reason["new"] as? String == "4")
    }
}
