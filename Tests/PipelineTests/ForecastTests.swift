import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Forecasts and sources")
struct ForecastTests {
    private func forecast(_ workplace: Workplace, settings: [String] = []) throws -> [String] {
        let plan = try workplace.load(settings: settings)
        return try PlanForecast(plan: plan, store: try workplace.store()).stages.map {
            "\($0.name) \($0.state.rawValue): \($0.reason)"
        }
    }

    @Test("a stage is cached, to run, or waits for content, each with its reason")
    func states() async throws {
        let workplace = try Workplace(ExecutorTests.diamond)
        #expect(
            try forecast(workplace) == [
                "left run: never ran", "right run: never ran", "more maybe: waits for 'left'",
                "rest maybe: waits for 'right'", "all maybe: waits for 'more', 'rest'", "end maybe: waits for 'all'",
            ])
        try await workplace.run()
        #expect(
            try forecast(workplace, settings: ["more.amount=3"]) == [
                "left cached: unchanged", "right cached: unchanged",
                "more run: parameter 'amount' changed from 10 to 3", "rest cached: unchanged",
                "all maybe: waits for 'more'", "end maybe: waits for 'all'",
            ])
    }

    @Test("without a store everything would run")
    func noStore() throws {
        let plan = try Workplace(ExecutorTests.diamond).load()
        let states = try PlanForecast(plan: plan, store: nil).stages.map(\.state)
        #expect(states == [.run, .run, .maybe, .maybe, .maybe, .maybe])
    }

    @Test("a renamed stage is compared with what it was called before")
    func renamed() async throws {
        let workplace = try Workplace()
        try await workplace.run("stages: {old: {stage: constant, params: {values: [1]}}}")
        try workplace.write("stages: {new: {stage: constant, params: {values: [2]}}}", to: "plan.yaml")
        #expect(try forecast(workplace) == ["new run: parameter 'values.0' changed from 1 to 2"])
    }

    static let plan = """
        sources: {file: {path: data/numbers.txt}}
        stages: {read: {stage: read, inputs: {file: file}}}
        """

    @Test("a source is copied into the store when a stage needs it, and a forecast copies nothing")
    func sources() async throws {
        let workplace = try Workplace(Self.plan)
        try workplace.write("4\n5\n", to: "data/numbers.txt")
        _ = try forecast(workplace)
        let blobs = workplace.path("store/blobs/sha256")
        #expect(try FileManager.default.contentsOfDirectory(atPath: blobs).isEmpty)
        let outcome = try await workplace.run()
        #expect(try workplace.values(outcome, "read") == [4, 5])
        #expect(try FileManager.default.contentsOfDirectory(atPath: blobs).count == 1)
    }

    @Test("a source that is missing or not the one demanded stops the forecast, with the place")
    func badSources() throws {
        let workplace = try Workplace(Self.plan)
        func message() throws -> String {
            let error = try #require(throws: PipelineError.self) { try forecast(workplace) }
            return "\(error)".replacingOccurrences(of: workplace.folder.path + "/", with: "")
        }
        #expect(
            try message() == """
                source 'file': cannot read 'data/numbers.txt': no such file (plan.yaml:1:24)
                  1 | sources: {file: {path: data/numbers.txt}}
                    |                        ^~~~~~~~~~~~~~~~
                """)
        try workplace.write("4\n", to: "data/numbers.txt")
        let digest = ContentDigest(hashing: Array("4\n".utf8))
        let other = ContentDigest(hashing: Array("5\n".utf8))
        try workplace.write(
            "sources:\n  file:\n    path: data/numbers.txt\n    sha256: \(other)\n"
                + "stages: {read: {stage: read, inputs: {file: file}}}", to: "plan.yaml")
        #expect(
            try message() == """
                source 'file': 'data/numbers.txt' has sha256 '\(digest)', not '\(other)' (plan.yaml:3:11); fetch the right file, or correct its sha256
                  3 |     path: data/numbers.txt
                    |           ^~~~~~~~~~~~~~~~
                """)
    }

    @Test("a folder is a source too: its files by name and content")
    func folders() async throws {
        let workplace = try Workplace(
            "sources: {model: {path: hf}}\nstages: {sizes: {stage: folder, inputs: {folder: model}}}")
        try workplace.write("abc", to: "hf/config.json")
        try workplace.write("de", to: "hf/sub/weights")
        let first = try await workplace.run()
        #expect(try workplace.values(first, "sizes") == [3, 2])
        #expect(try await workplace.run().started.isEmpty)
        try FileManager.default.moveItem(
            atPath: workplace.path("hf/config.json"), toPath: workplace.path("hf/c.json"))
        #expect(try await workplace.run().started == ["sizes"])
    }
}
