import Foundation
import Testing

extension SmokeLoop {
    @Suite("What can be done with the results")
    struct CommandTests {
        let place: Workplace
        let finished: FinishedLoop

        init() throws { (place, finished) = try Workplace.afterLoop() }

        @Test("graph draws every stage and arrow")
        func graph() throws {
            let text = try place.pipeline.run("graph", SmokeLoop.file).stdout
            for name in finished.report.names {
                #expect(text.contains("\n\(name)  (") || text.hasPrefix("\(name)  ("), "\(name)")
            }
            #expect(text.contains("    model ← m2.model.model\n"))
            let mermaid = try place.pipeline.run("graph", SmokeLoop.file, "--format", "mermaid").stdout
            #expect(mermaid.hasPrefix("flowchart TD\n"))
            #expect(mermaid.contains("[\"m3.model<br/>dpo\"]"))
        }

        @Test("status finds every stage cached, also without naming the file")
        func status() throws {
            for arguments in [["status"], ["status", SmokeLoop.file]] {
                let result = try place.pipeline.run(arguments + ["--exit-code"])
                #expect(result.status == 0)
                #expect(
                    result.stdoutLines.last
                        == "\(SmokeLoop.stageCount) stages: \(SmokeLoop.stageCount) cached, 0 to run")
            }
        }

        @Test("why says that nothing changed, and from what the result was made")
        func why() throws {
            let text = try place.pipeline.run("why", "m3.pairs", SmokeLoop.file).stdout
            #expect(text.hasPrefix("m3.pairs (pair) is cached: nothing that can change its result has changed\n"))
            #expect(text.contains("(m3.candidates.candidates)"))
            let reseeded = try place.pipeline.run("why", "m3.pairs", SmokeLoop.file, "--set", "seed=8").stdout
            #expect(reseeded.hasPrefix("m3.pairs (pair) may run: its key is known once these are done\n"))
        }

        @Test("artifacts show tells of a pair where it comes from and what is in it")
        func show() throws {
            let text = try place.pipeline.run("artifacts", "show", "m3.pairs.pairs").stdout
            for line in [
                "holds      preference-pair/2, 16 rows", "digest     \(finished.digests["m3.pairs.pairs"] ?? "")",
                "made from  candidates: m3.candidates.candidates",
            ] { #expect(text.contains(line), "\(line)") }
            for key in ["chosen", "rejected", "prompt", "chosen_score", "rejected_score"] {
                #expect(text.contains("\n  \(key) "), "\(key)")
            }
        }

        @Test(
            "a stage alone means the output that it is for",
            arguments: [
                ("m2.pairs", "m2.pairs.pairs"), ("m3.model", "m3.model.model"), ("m3.prompts", "m3.prompts.prompts"),
                ("m1.judge-quality", "m1.judge-quality.measurements"), ("eft", "eft.judge-examples"),
                ("m2.judgements", "m2.judgements.judgements"),
            ])
        func mainOutput(stage: String, output: String) throws {
            let shown = try place.pipeline.run("artifacts", "show", stage)
            #expect(shown.stdoutLines.first == "artifact   \(output)", "\(shown.stderr)")
        }

        @Test("an artifact is made from what was connected, whatever else has the same content")
        func connectedParents() throws {
            for model in ["first", "second"] {
                try place.write(
                    """
                    pipeline: twins
                    sources: {text: {path: pipelines/data/seed-trees.jsonl}}
                    stages:
                      first: {stage: make-model, inputs: {text: text}}
                      second: {stage: make-model, inputs: {text: text}}
                      seeds:
                        stage: seed-prep
                        inputs: {trees: text}
                        params: {ift: 4, rankings_train: 0, rankings_eval: 0, keep_synthetic: true}
                      tuned:
                        stage: sft
                        inputs: {model: \(model), examples: seeds.examples}
                        params: {max_steps: 1, batch_size: 1}

                    """, to: "twins.yaml")
                try place.runLoop(file: "twins.yaml")
                let shown = try place.pipeline.run("artifacts", "show", "tuned").stdout
                #expect(shown.contains("model: \(model).model "), "\(shown)")
            }
        }

        @Test("rows that are not what their name says end the command with 12", arguments: [0, 100, 2000])
        func damaged(byte: Int) throws {
            let digest = try #require(finished.digests["m3.pairs.pairs"])
            let path = try #require(place.storedFiles(in: ["objects"]).first { $0.contains(digest) })
            let object = place.folder.appending(path: "artifacts/\(path)")
            var bytes = try Data(contentsOf: object)
            bytes[byte] ^= 0x10
            try FileManager.default.removeItem(at: object)
            try bytes.write(to: object)
            let result = try place.pipeline.run("artifacts", "cat", "m3.pairs.pairs")
            #expect(result.status == 12)
            #expect(
                result.stderr.contains(digest) && result.stderr.contains("re-run to rebuild it"), "\(result.stderr)")
        }

        @Test("an exported model is a Hugging Face folder that can be imported again, weight by weight")
        func exportModel() throws {
            let exported = try place.pipeline.run("export", "m3.model", "--format", "hf", "--out", "m3")
            #expect(exported.status == 0 && exported.stdout.isEmpty)
            for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] {
                #expect(place.exists("m3/\(name)"), "\(name)")
            }
            try place.write(
                """
                sources: {exported: {path: m3}}
                stages: {back: {stage: import-model, inputs: {source: exported}}}

                """, to: "back.yaml")
            try place.runLoop(file: "back.yaml")
            _ = try place.pipeline.run("export", "back", "--format", "hf", "--out", "again")
            #expect(
                FileManager.default.contentsEqual(
                    atPath: place.folder.appending(path: "m3/model.safetensors").path,
                    andPath: place.folder.appending(path: "again/model.safetensors").path))
        }

        @Test("exported pairs are conversations, or texts, one a line")
        func exportPairs() throws {
            #expect(try place.pipeline.run("export", "m3.pairs", "--format", "trl", "--out", "turns").status == 0)
            #expect(
                try place.pipeline.run("export", "m3.pairs", "--format", "trl", "--plain", "--out", "texts").status
                    == 0)
            let turns = try rows("turns/train.jsonl")
            let texts = try rows("texts/train.jsonl")
            #expect(turns.count == 16 && texts.count == 16)
            for (turn, text) in zip(turns, texts) {
                #expect(Set(turn.keys) == ["prompt", "chosen", "rejected"])
                for (key, role) in [("prompt", "user"), ("chosen", "assistant"), ("rejected", "assistant")] {
                    let message = try #require((turn[key] as? [[String: String]])?.first)
                    #expect(message["role"] == role)
                    #expect(message["content"] == text[key] as? String)
                }
            }
        }

        @Test("chat answers a line of stdin on stdout, the same each time for one seed")
        func chat() throws {
            func reply(seed: String) throws -> Binary.Result {
                try place.pipeline.run(
                    ["chat", "m3.model", "--max-tokens", "12", "--seed", seed], input: "Why is the sky blue?\n")
            }
            let first = try reply(seed: "1")
            #expect(first.status == 0)
            #expect(!first.stdout.isEmpty && !first.hasControlCodes)
            #expect(try reply(seed: "1").stdout == first.stdout)
            #expect(try reply(seed: "2").stdout != first.stdout)
        }

        private func rows(_ name: String) throws -> [[String: Any]] {
            try String(contentsOf: place.folder.appending(path: name), encoding: .utf8).split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
    }
}
