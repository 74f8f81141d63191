import Foundation
import TestSupport
import Testing

@Suite("The verifiable world")
struct VerifiableWorldTests {
    private static func file(_ name: String) -> String {
        SharedData.repository.appending(path: "pipelines/\(name)").path
    }

    private static let loop = file("verifiable.yaml")
    private static let control = file("verifiable-random-judge.yaml")

    /// Counts so small that nothing is learned and everything runs.
    private static let tiny = """
        profile: tiny
        defaults:
          make-world: {ift: 24, judged: 24, rankings_eval: 4, held_out: 12}
          draw-tasks: {prompts: 12}
          sft: {max_steps: 6}
          dpo: {epochs: 1}
          judge: {scoring: expected}
        """

    /// A measurement of a `check-answers` stage.
    private func measurement(_ place: Workplace, _ stage: String, _ name: String) throws -> [String: Any] {
        let lines = try place.pipeline.run("artifacts", "cat", "\(stage).measurements").stdoutLines
        let rows = try lines.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        return try #require(rows.first { $0["name"] as? String == name }, "\(stage) has no \(name)")
    }

    @Test("runs from nothing to M4, tells of the truth, and shares with its control what they have in common")
    func tinyRun() throws {
        let place = try Workplace()
        try place.write(Self.tiny, to: "tiny.yaml")
        let report = try place.runLoop(["-f", "tiny.yaml"], file: Self.loop)
        #expect(report.counts["failed"] == 0 && report.ran.count == report.names.count)
        let control = try place.runLoop(["-f", "tiny.yaml"], file: Self.control)
        // All of the start, and M1's prompts, candidates and judgements.
        let start: Set = [
            "world", "m0", "sft", "sft.answers", "sft.truth", "m1", "m1.answers", "m1.verdicts", "m1.truth",
            "m1.judge-quality",
        ]
        #expect(
            control.cached.isSuperset(
                of: start.union(["random.m2.prompts", "random.m2.candidates", "random.m2.judgements"])))
        #expect(control.ran.isSuperset(of: ["random.m2.shuffled", "random.m2.pairs", "random.m4.truth"]))
        for model in ["m1", "m2", "m3", "m4"] {
            let success = try measurement(place, "\(model).truth", "success")
            #expect(success["count"] as? Int == 12 * 4, "\(model)")
            let value = try #require(success["value"] as? Double)
            #expect((0...1).contains(value))
        }
        #expect(try measurement(place, "m4.truth", "success_gain")["count"] as? Int == 12)
        // Of M2 the model before is M1, the baseline of all.
        let gain = try measurement(place, "m2.truth", "success_gain")["value"] as? Double
        #expect(try measurement(place, "m2.truth", "success_gain_previous")["value"] as? Double == gain)
        let table = try place.pipeline.run("run", Self.loop, "-f", "tiny.yaml").stdout
        for text in ["right answers", "judge: right over wrong", "the same, less the baseline's"] {
            #expect(table.contains(text), "\(text)")
        }
    }

    @Test(
        "at full size the share of right answers rises from M1 to M3, and with a random judge it does not",
        .enabled(if: ProcessInfo.processInfo.environment["NIGHTLY"] != nil, "takes minutes: run 'make nightly'"))
    func fullRun() throws {
        let place = try Workplace()
        try place.runLoop(["--threads", "2"], file: Self.loop)
        try place.runLoop(["--threads", "2"], file: Self.control)
        func success(_ model: String) throws -> Double {
            try #require(try measurement(place, "\(model).truth", "success")["value"] as? Double)
        }
        let rates = try ["m1", "m2", "m3", "m4"].map(success)
        #expect(rates[0] < rates[1] && rates[1] < rates[2], "\(rates)")
        // Not by chance: the interval of the paired gain lies over nothing at all.
        for model in ["m2", "m3", "m4"] {
            let gain = try measurement(place, "\(model).truth", "success_gain")
            #expect(try #require(gain["lower"] as? Double) > 0, "\(model)")
        }
        for model in ["random.m2", "random.m3", "random.m4"] {
            let gain = try measurement(place, "\(model).truth", "success_gain")
            #expect(try #require(gain["lower"] as? Double) <= 0, "\(model)")
        }
    }
}
