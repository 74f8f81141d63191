import Foundation
import Testing

extension SmokeLoop {
    @Suite("A disk that fills up")
    struct FullDiskTests {
        @Test("a write that finds no space fails its stage; with space again the run ends as it should have")
        func noSpace() throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            // Of the results: a training that cannot write a checkpoint goes on.
            for write in [2, 8, 3] {
                place.pipeline.environment["PIPELINE_FAILPOINT"] = "write:full:\(write)"
                try expectFailure(place, saying: "no space left on device; free some space and run again")
            }
            place.pipeline.environment["PIPELINE_FAILPOINT"] = nil
            try place.runLoop(["--until", "m0"])
            #expect(try place.digests()["m0.model"] == finished.digests["m0.model"])
        }

        @Test("so does one beyond the limit that the shell sets on files")
        func fileSizeLimit() throws {
            let finished = try #require(SmokeLoop.finished)
            let place = try Workplace()
            // 100 kB or 200 kB, by the shell's idea of a block; the weights of the model are larger.
            place.pipeline.launcher = ["/bin/sh", "-c", "ulimit -f 200; exec \"$0\" \"$@\""]
            try expectFailure(place, saying: "file too large; raise the file size limit")
            place.pipeline.launcher = []
            try place.runLoop(["--until", "m0"])
            #expect(try place.digests()["m0.model"] == finished.digests["m0.model"])
        }

        private func expectFailure(_ place: Workplace, saying text: String) throws {
            let before = place.storedFiles(in: ["records"])
            let result = try place.pipeline.run("run", SmokeLoop.file, "--until", "m0", "-q")
            #expect(result.status == 1)
            #expect(result.stderr.contains(text), "\(result.stderr)")
            #expect(result.stderr.contains("artifacts/"), "\(result.stderr)")
            #expect(result.stderrLines.count < 24)
            #expect(place.storedFiles(in: ["tmp"]) == [])
            #expect(!place.storedFiles(in: ["staging"]).contains { $0.hasSuffix(".tmp") })
            #expect(Set(before).isSubset(of: place.storedFiles(in: ["records"])))
        }
    }
}
