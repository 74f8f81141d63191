import Foundation
import Testing

extension SmokeLoop {
    @Suite("How a stage runs changes no digest")
    struct ExecutionTests {
        @Test("one thread gives what two give")
        func threads() throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            #expect(try place.runLoop(["--threads", "1", "-j", "1"]).ran == finished.report.names)
            #expect(try place.digests() == finished.digests)
        }

        @Test(
            "other batch and shard sizes give the same, for every stage",
            arguments: ["{batch: 1, shard_size: 5}", "{batch: 5, shards: 3}"])
        func sizes(settings: String) throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            let stages = finished.report.names.sorted().map { "  \($0): {exec: \(settings)}\n" }.joined()
            try place.write("stages:\n" + stages, to: "execution.yaml")
            #expect(try place.runLoop(["-f", "execution.yaml", "--threads", "1"]).ran == finished.report.names)
            #expect(try place.digests() == finished.digests)
        }
    }
}
