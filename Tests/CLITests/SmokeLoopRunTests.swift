import Foundation
import Testing

extension SmokeLoop {
    @Suite("From nothing to M3")
    struct RunTests {
        @Test("the first run runs every stage, a second one none")
        func twice() throws {
            let (place, finished) = try Workplace.afterLoop()
            let count = SmokeLoop.stageCount
            #expect(
                finished.report.counts == ["total": count, "cached": 0, "ran": count, "failed": 0, "skipped": 0])
            let again = try place.runLoop()
            #expect(again.counts == ["total": count, "cached": count, "ran": 0, "failed": 0, "skipped": 0])
            #expect(try place.digests() == finished.digests)
        }

        @Test("the store holds what each stage promises, and nothing half done")
        func contents() throws {
            let (place, finished) = try Workplace.afterLoop()
            for name in [
                "seeds.examples", "m0.model", "m1.model", "m2.prompts.prompts", "m2.candidates.candidates",
                "m2.judgements.judgements", "m2.pairs.pairs", "m2.model.model", "m3.pairs.pairs", "m3.model.model",
            ] {
                #expect(finished.digests[name]?.count == 64, "\(name)")
            }
            // M1, M2 and M3 are three models.
            #expect(
                Set(["m0.model", "m1.model", "m2.model.model", "m3.model.model"].map { finished.digests[$0] }).count
                    == 4)
            #expect(place.storedFiles(in: ["records"]).count == SmokeLoop.stageCount)
            #expect(place.storedFiles(in: ["tmp", "staging"]) == [])
        }

        @Test("the closing summary tells of every model")
        func summary() throws {
            let (place, _) = try Workplace.afterLoop()
            let result = try place.pipeline.run("run", SmokeLoop.file)
            #expect(
                result.stdout.contains(
                    "\(SmokeLoop.stageCount) stages: \(SmokeLoop.stageCount) cached, 0 ran, 0 failed, 0 skipped"))
            for text in [
                "m1", "m2", "m3", "verdicts stating a score", "pairs of prompts", "rewards/margins", "Kendall",
                "judges: change from judge to judge", "m2 → m3", "judges: judges over likelihood",
            ] {
                #expect(result.stdout.contains(text), "\(text)")
            }
        }
    }
}
