import Foundation
import Testing

extension SmokeLoop {
    @Suite("Bad input is told in one screen, and leaves the store as it was")
    struct BadInputTests {
        struct BadInput: Sendable, CustomTestStringConvertible {
            let testDescription: String
            var status: Int32
            /// What the error says.
            var says: [String]
            /// Makes the input bad.
            var spoil: @Sendable (Workplace) throws -> Void
        }

        static let file = "pipelines/smoke.yaml"
        static let trees = "pipelines/data/seed-trees.jsonl"
        static let examples = "pipelines/data/evaluation-examples.jsonl"
        static let part = "pipelines/parts/iteration.yaml"

        static let plans = [
            BadInput(
                testDescription: "misspelt key in a part", status: 2,
                says: ["'max_tokenz'", "iteration.yaml:15:5", "did you mean 'max_tokens'?"]
            ) { try $0.edit(part, replacing: "max_tokens: 160 ", with: "max_tokenz: 160 ") },
            BadInput(testDescription: "wrong type", status: 2, says: ["'epochs'", "smoke.yaml:54:22", "four"]) {
                try $0.edit(file, replacing: "epochs: 4", with: "epochs: four")
            },
            BadInput(
                testDescription: "no such choice", status: 2,
                says: ["'scoring'", "smoke.yaml:34:48", "did you mean 'expected'?"]
            ) {
                try $0.edit(
                    file, replacing: "12, scoring: expected, precision: f32}\n  ev",
                    with: "12, scoring: expcted, precision: f32}\n  ev")
            },
            BadInput(
                testDescription: "no such precision", status: 2,
                says: ["'precision'", "smoke.yaml:34", "did you mean 'f32'?"]
            ) {
                try $0.edit(
                    file, replacing: "12, scoring: expected, precision: f32}\n  ev",
                    with: "12, scoring: expected, precision: f23}\n  ev")
            },
            BadInput(
                testDescription: "cycle", status: 2, says: ["m3.model → m2.model → ", "smoke.yaml:7:57"]
            ) { try $0.edit(file, replacing: "{policy: m1}", with: "{policy: m3.model}") },
            BadInput(
                testDescription: "missing source", status: 2,
                says: ["'rubric'", "pipelines/data/rubric.txt", "smoke.yaml:13:18"]
            ) { try $0.edit(file, replacing: "data/rubric-additive.txt", with: "data/rubric.txt") },
            BadInput(
                testDescription: "source with another digest", status: 2,
                says: ["'rubric'", "rubric-additive.txt", "smoke.yaml:13:18", String(repeating: "ab", count: 32)]
            ) {
                let digest = String(repeating: "ab", count: 32)
                try $0.edit(
                    file, replacing: "additive.txt}", with: "additive.txt, sha256: \(digest)}")
            },
        ]

        static let seeds = [
            BadInput(
                testDescription: "invalid UTF-8 in a seed file", status: 1,
                says: ["seeds: failed: ", "\(trees)):137: ", "UTF-8"]
            ) {
                try $0.append(
                    Data("{\"message_tree_id\": \"".utf8) + [0xC3, 0x28] + Data("\"}\n".utf8),
                    to: trees)
            },
            BadInput(
                testDescription: "invalid JSON in a seed file", status: 1,
                says: ["seeds: failed: ", "\(trees)):137: ", "malformed"]
            ) { try $0.append(Data("{\"message_tree_id\": nope}\n".utf8), to: trees) },
            BadInput(
                testDescription: "a line cut off in the evaluation examples", status: 1,
                says: ["seeds: failed: ", "\(examples)):343: ", "ends too early"]
            ) { try $0.append(Data("{\"instruction\": \"Wh".utf8), to: examples) },
            BadInput(
                testDescription: "a score outside the scale", status: 1,
                says: ["seeds: failed: ", "\(examples)):1: ", "whole number from 0 to 5"]
            ) { try $0.edit(examples, replacing: "\"score\": 5}", with: "\"score\": 6}") },
            BadInput(
                testDescription: "the same tree twice", status: 1,
                says: ["seeds: failed: ", "\(trees)):137: ", "'seed-001' was already read at", "\(trees)):1;"]
            ) {
                let text = try Data(contentsOf: $0.folder.appending(path: trees))
                try $0.append(text.prefix { $0 != UInt8(ascii: "\n") } + [UInt8(ascii: "\n")], to: trees)
            },
            // An empty artifact here would only fail later, and far from its cause.
            BadInput(
                testDescription: "no ranked prompts", status: 1,
                says: [
                    "seeds: failed: ", "no tree can be used: of 136, dropped are 136 for 'no-usable-reply'",
                    "give replies with ranks, 0 the best",
                ]
            ) {
                for rank in 0...3 { try $0.edit(trees, replacing: "\"rank\": \(rank),", with: "\"rank\": null,") }
            },
        ]

        @Test("a plan or a seed file that is wrong", arguments: plans + seeds)
        func refused(input: BadInput) throws {
            let (place, _) = try Workplace.afterLoop()
            try input.spoil(place)
            try place.expectRefusal(
                of: ["run", Self.file, "--until", "seeds"], status: input.status, saying: input.says)
        }

        @Test("an empty artifact into training fails that stage, and leaves nothing of it")
        func emptyTraining() throws {
            let (place, _) = try Workplace.afterLoop()
            let set = ["--set", "seeds.ift=0"]
            // The seeds themselves are sound: they come into the store first.
            try #require(try place.pipeline.run(["run", SmokeLoop.file, "--until", "seeds"] + set).status == 0)
            try place.expectRefusal(
                of: ["run", SmokeLoop.file] + set, status: 1,
                saying: ["m0: failed: ", "no example to train on", "'examples'"])
        }
    }
}

extension Workplace {
    func append(_ bytes: Data, to name: String) throws {
        let file = folder.appending(path: name)
        try (Data(contentsOf: file) + bytes).write(to: file)
    }

    /// What a refused input may not change: all but the log of the run.
    private func stored() throws -> [String] {
        try storedFiles(in: ["objects", "blobs", "records", "staging", "tmp"])
            + [pipeline.run("artifacts", "ls", "--all", "--json").stdout]
    }

    /// Runs the command, which is to end with `status` and a short error that holds all of `texts`.
    func expectRefusal(
        of command: [String], status: Int32, saying texts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = Set(try stored())
        let runs = storedFiles(in: ["runs"])
        let result = try pipeline.run(command)
        #expect(result.status == status, "\(result.stderr)", sourceLocation: sourceLocation)
        for text in texts {
            #expect(result.stderr.contains(text), "no '\(text)' in: \(result.stderr)", sourceLocation: sourceLocation)
        }
        #expect(
            result.stderrLines.count + result.stdoutLines.count < 24 && result.stderr.utf8.count < 4000,
            "more than a screen: \(result.stderr)\(result.stdout)", sourceLocation: sourceLocation)
        #expect(Set(try stored()).symmetricDifference(before).sorted() == [], sourceLocation: sourceLocation)
        // A plan that is wrong is no run at all.
        if status == 2 { #expect(storedFiles(in: ["runs"]) == runs, sourceLocation: sourceLocation) }
    }
}
