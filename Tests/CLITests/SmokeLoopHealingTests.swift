import Foundation
import Testing

extension SmokeLoop {
    @Suite("Damaged inputs are made again within the run")
    struct HealingTests {
        let place: Workplace
        let finished: FinishedLoop

        init() throws { (place, finished) = try Workplace.afterLoop() }

        /// Trains m3 anew, which reads its pairs and the files of m2.
        private static let retraining = ["--set", "m3.model.learning_rate=0.002"]
        private static let retrained: Set = ["m3.model", "m3.answers", "m3.judge-quality", "judges"]

        private func flipBit(_ path: String) throws {
            let file = place.folder.appending(path: "artifacts/\(path)")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try FileManager.default.removeItem(at: file)
            try bytes.write(to: file)
        }

        /// The blob that holds the tokenizer of all models of the loop.
        private func tokenizer() throws -> String {
            let rows = try place.pipeline.run("artifacts", "cat", "made.model").stdoutLines
            let row = try #require(rows.first { $0.contains(#""tokenizer.json""#) })
            let digest = try #require(row.firstMatch(of: #/"digest":"([0-9a-f]{64})"/#)?.1)
            return "blobs/sha256/\(digest.prefix(2))/\(digest)"
        }

        @Test("one flipped bit of an artifact")
        func object() throws {
            let digest = try #require(finished.digests["m3.pairs.pairs"])
            let path = "objects/sha256/\(digest.prefix(2))/\(digest).jsonl.zst"
            try flipBit(path)
            let result = try place.pipeline.run(["run", SmokeLoop.file, "--json"] + Self.retraining)
            #expect(result.status == 0, "\(result.stderr)")
            #expect(try LoopReport(result).ran == Self.retrained.union(["m3.pairs"]))
            let warning = try #require(result.stderrLines.first { $0.hasPrefix("warning: ") })
            #expect(warning.contains(path))
            #expect(warning.hasSuffix("; it is 'm3.pairs.pairs'; stage 'm3.pairs' is run again to make it anew"))
            #expect(result.stderr.contains("\nm3.model: waits for 'm3.pairs' to be made again\n"))
            #expect(place.exists("artifacts/quarantine/\(digest).jsonl.zst"))
            #expect(try place.digests()["m3.pairs.pairs"] == digest)
            #expect(try place.pipeline.run("verify", "--read-data").status == 0)
        }

        @Test(
            "one flipped bit of a blob that models share: the stage that first made it runs again, no training does")
        func blob() throws {
            try flipBit(try tokenizer())
            let report = try place.runLoop(Self.retraining)
            #expect(report.ran == Self.retrained.union(["made"]))
            #expect(try place.pipeline.run("verify", "--read-data").status == 0)
        }

        @Test("what no stage is known to have made ends the run with 12 and a remedy")
        func nobodyMadeIt() throws {
            let path = try tokenizer()
            // Records as of stages that did not say which blobs their rows name.
            for name in place.storedFiles(in: ["records"]) {
                let file = place.folder.appending(path: "artifacts/\(name)")
                let text = try String(contentsOf: file, encoding: .utf8)
                    .replacing(#/"blobs":\[[^\]]*\]/#, with: #""blobs":[]"#)
                    .replacing(#/"blobBytes":\{[^}]*\}/#, with: #""blobBytes":{}"#)
                try FileManager.default.removeItem(at: file)
                try Data(text.utf8).write(to: file)
            }
            try FileManager.default.removeItem(at: place.folder.appending(path: "artifacts/index.sqlite"))
            try flipBit(path)
            let result = try place.pipeline.run(["run", SmokeLoop.file, "--json"] + Self.retraining)
            #expect(result.status == 12, "\(result.stderr)")
            #expect(
                result.stderr.contains(
                    ", and no stage of this plan makes it; run the pipeline that made it, or restore the file"))
            #expect(try result.errorJSON()["code"] as? Int == 12)
            #expect(place.exists("artifacts/\(path)"))
        }

        @Test("a stage whose time is over fails, and the next run goes on from what it finished")
        func timeLimit() throws {
            let place = try Workplace()
            let limit = ["--set", "m0.exec.timeout=0.05s", "--until", "m0"]
            let failed = try place.pipeline.run(["run", SmokeLoop.file] + limit)
            #expect(failed.status == 1)
            #expect(
                failed.stderr.contains(
                    "m0: failed: stage 'm0' took longer than the 0.05s of its 'exec.timeout'; what it finished is kept"
                ))
            #expect(try place.runLoop(["--until", "m0"]).ran == ["m0"])
            #expect(try place.digests()["m0.model"] == finished.digests["m0.model"])
        }
    }
}
