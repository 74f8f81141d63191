import Foundation
import Testing

extension SmokeLoop {
    @Suite("Audits through the program")
    struct AuditTests {
        let place: Workplace

        init() throws { place = try Workplace.afterLoop().place }

        @Test(
            "stages of every kind give the same bytes again, with other threads, sizes, order, locale and time zone")
        func reproduced() throws {
            let stages = [
                "seeds", "m0", "eft", "m2.candidates", "m2.judgements", "m2.pairs", "m2.reference", "m2.model",
            ]
            let result = try place.pipeline.run(["audit"] + stages + ["--threads", "2"])
            #expect(result.status == 0, "\(result.stdout)\(result.stderr)")
            #expect(
                result.stdoutLines.first
                    == "executed again with 1 thread, shards of 7 rows from the last to the first, batches of 3, tr_TR.UTF-8, Asia/Kathmandu"
            )
            #expect(result.stdoutLines.last == "8 stages reproduced")
            #expect(!result.stdout.contains("different") && result.stdout.contains("m2.model"))
            #expect(!place.exists("artifacts/isolated"))
        }

        @Test("a sample computes some rows of row-wise stages alone, and says which seed took them")
        func sampled() throws {
            let json = try place.pipeline.run("audit", "--sample", "10%", "--seed", "3", "--json").json()
            #expect(json["schema"] as? String == "pipeline.audit/1" && json["reproduced"] as? Bool == true)
            #expect(json["seed"] as? String == "3")
            let stages = try #require(json["stages"] as? [[String: Any]])
            #expect(Set(stages.compactMap { $0["kind"] as? String }) == ["sample", "judge", "reference-logps"])
            for stage in stages {
                #expect(try #require(stage["rows"] as? Int) < (try #require(stage["of_rows"] as? Int)))
            }
        }

        @Test("a result that was forged is different, with the place, and the status is 13")
        func forged() throws {
            // The outputs of a run at another temperature then claim the key of this one.
            let ours = try recordFile("m2.pairs")
            try place.runLoop(["--set", "m2.candidates.temperature=1.3", "--until", "m2.pairs"])
            try forge(ours, outputs: recordFile("m2.pairs"))
            let result = try place.pipeline.run("audit", "m2.pairs", "--file", SmokeLoop.file)
            #expect(result.status == 13, "\(result.stdout)\(result.stderr)")
            #expect(result.stdout.contains("different") && result.stdout.contains("  stored    "))
            #expect(result.stdoutLines.last == "1 of 1 stage not reproduced")
        }

        @Test(
            "numbers that are only close are excused by another processor",
            arguments: [
                ("f32", nil, false), ("f32", "program", false), ("f32", "processor", true),
                ("bf16", "vectorFeatures", true),
            ])
        func excused(precision: String, fact: String?, isExcused: Bool) throws {
            let chosen = ["--set", "sft.precision=\(precision)"]
            try place.runLoop(chosen + ["--until", "sft"])
            let ours = try recordFile("sft")
            // A model that learned a little faster is close to this one.
            try place.runLoop(chosen + ["--set", "sft.learning_rate=3.003e-3", "--until", "sft"])
            try forge(ours, outputs: recordFile("sft")) { record in
                guard let fact else { return }
                let value = try #require(record.firstMatch(of: try Regex("\"\(fact)\":\"[^\"]*\"")))
                record.replaceSubrange(value.range, with: "\"\(fact)\":\"another one\"")
            }
            let command = ["audit", "sft", "--file", SmokeLoop.file, "--tolerance", "0.5"] + chosen
            let result = try place.pipeline.run(command)
            #expect(result.status == (isExcused ? 0 : 13), "\(result.stdout)\(result.stderr)")
            #expect(result.stdout.contains("close, to ") && !result.stdout.contains("different"))
            #expect(result.stdoutLines.contains("sft was made with another one") == isExcused)
        }

        /// The result of `record` becomes that of `other`; `change` alters what else it says.
        private func forge(
            _ record: URL, outputs other: URL, _ change: (inout String) throws -> Void = { _ in }
        ) throws {
            try #require(record != other)
            var text = try String(contentsOf: record, encoding: .utf8)
            let outputs = #/"outputs":\{.*?\},"pipeline"/#
            let forged = try #require(try String(contentsOf: other, encoding: .utf8).firstMatch(of: outputs)).0
            text.replace(outputs, with: String(forged))
            try change(&text)
            try FileManager.default.removeItem(at: record)
            try text.write(to: record, atomically: false, encoding: .utf8)
            // Made anew from the records.
            try FileManager.default.removeItem(at: place.folder.appending(path: "artifacts/index.sqlite"))
            try place.runLoop(["--until", "seeds"])
        }

        /// The newest record file of the stage.
        private func recordFile(_ stage: String) throws -> URL {
            let listed = try place.pipeline.run("artifacts", "ls", "--json").json()
            let artifacts = try #require(listed["artifacts"] as? [[String: Any]])
            let key = try #require(artifacts.first { $0["stage"] as? String == stage }?["key"] as? String)
            return place.folder.appending(path: "artifacts/records/\(key.prefix(2))/\(key).json")
        }

        @Test(
            "wrong options",
            arguments: [
                (["--sample", "0%"], "'0%' is no share; write a percentage above 0, as in 5%"),
                (["m2.paris"], "did you mean 'm2.pairs'?"),
                (["--tolerance=-1"], "it must be a number from 0 up"),
            ])
        func usage(options: [String], says: String) throws {
            let result = try place.pipeline.run(["audit"] + options)
            #expect(result.status == 2 && result.stderr.contains(says), "\(result.stderr)")
        }
    }
}
