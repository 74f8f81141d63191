import Foundation
import Testing

@Suite("Arguments and files that are wrong")
struct UsageTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test(
        "usage errors exit with 2",
        arguments: [
            ["bogus"], ["run"], ["run", "a.yaml", "--store"], ["plan", "a.yaml", "--no-such-option"],
            ["run", "a.yaml", "-j", "0"], ["run", "a.yaml", "--threads", "0"], ["run", "a.yaml", "-q", "-v"],
            ["run", "a.yaml", "--threads", "100000"], ["run", "a.yaml", "--memory", "much"],
            ["status", "--store", ""],
            ["graph", "a.yaml", "--json", "--format", "mermaid"],
            ["export", "x", "--format", "hf", "--out", "d", "--plain"], ["artifacts", "show", "x", "--rows", "5..2"],
            ["chat", "x", "--weights", "q9"],
        ])
    func usage(arguments: [String]) throws {
        let result = try place.pipeline.run(arguments)
        #expect(result.status == 2)
        #expect(result.stdout.isEmpty)
        #expect(result.stderr.contains("Usage: pipeline"))
    }

    @Test("PIPELINE_THREADS is checked like the option, which wins over it", arguments: ["many", "0", "100000"])
    func threadsVariable(text: String) throws {
        var pipeline = place.pipeline
        pipeline.environment["PIPELINE_THREADS"] = text
        let result = try pipeline.run("run", "seeds.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.contains("PIPELINE_THREADS is '\(text)'; it must be from 1 to "))
        try place.writeSeedPipeline()
        #expect(try pipeline.run("run", "seeds.yaml", "--threads", "1").status == 0)
    }

    @Test(
        "help and version are data, on stdout, with status 0",
        arguments: [["--help"], ["run", "--help"], ["--version"]])
    func help(arguments: [String]) throws {
        let result = try place.pipeline.run(arguments)
        #expect(result.status == 0)
        #expect(!result.stdout.isEmpty)
        #expect(result.stderr.isEmpty)
    }

    @Test("a file that is not there is named")
    func missingFile() throws {
        let result = try place.pipeline.run("run", "nowhere.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.hasPrefix("error: "))
        #expect(result.stderr.contains("'nowhere.yaml'"))
        #expect(!place.exists("artifacts"))
    }

    @Test("a misspelt parameter is shown in its line, with the nearest name")
    func misspeltKey() throws {
        try place.writeSeedPipeline(parameters: "{keep_syntetic: true}")
        let result = try place.pipeline.run("run", "seeds.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.contains("'keep_syntetic'"))
        #expect(result.stderr.contains("seeds.yaml:9:"))
        #expect(result.stderr.contains("did you mean 'keep_synthetic'?"))
        #expect(result.stderr.contains("^~"))
        #expect(!place.exists("artifacts"))
    }

    @Test("a value of the wrong type is shown in its line")
    func wrongType() throws {
        try place.writeSeedPipeline(parameters: "{keep_synthetic: 7up}")
        let result = try place.pipeline.run("run", "seeds.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.contains("'keep_synthetic'"))
        #expect(result.stderr.contains("seeds.yaml:9:"))
        #expect(!place.exists("artifacts"))
    }

    @Test("a value that the stage refuses is shown in its line")
    func refusedValue() throws {
        try place.write(
            """
            sources: {text: {path: plan.yaml}}
            defaults:
              make-model: {merges: 8}
            stages:
              tiny:
                stage: make-model
                inputs: {text: text}
                params: {heads: 0}

            """, to: "plan.yaml")
        let inFile = try place.pipeline.run("plan", "plan.yaml").stderr
        #expect(inFile.hasPrefix("error: stage 'tiny': 'heads' is 0; it must be "))
        #expect(inFile.contains(" (plan.yaml:8:21)\n"))
        let inOption = try place.pipeline.run(
            "plan", "plan.yaml", "--set", "tiny.heads=2", "--set", "tiny.merges=0"
        ).stderr
        #expect(inOption.hasPrefix("error: stage 'tiny': 'merges' is 0; it must be "))
        #expect(inOption.contains(" (--set:1:13)\n"))
    }

    @Test("a missing file that scripts/setup fetches is answered with that, but not one of a user's own models")
    func unfetchedModel() throws {
        let setup = place.folder.appending(path: "scripts/setup")
        try FileManager.default.createDirectory(
            at: setup.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("#!/bin/sh\nmodel=models/demo.gguf\n".utf8).write(to: setup)
        func answer(_ file: String) throws -> String {
            try place.writeSeedPipeline(source: "{path: \(file)}")
            let result = try place.pipeline.run("run", "seeds.yaml")
            #expect(result.status == 2 && result.stderr.contains(file))
            return result.stderr
        }
        #expect(try answer("models/demo.gguf").contains("run 'scripts/setup'"))
        #expect(try !answer("models/tiny.gguf").contains("scripts/setup"))
        #expect(try !answer("models/alpaca-eval-baseline.json").contains("scripts/setup"))
    }

    @Test("stages that wait for each other are shown as a path")
    func cycle() throws {
        try place.write(
            """
            stages:
              one:
                stage: pair
                inputs: {candidates: two, judgements: judged}
              two:
                stage: sample
                inputs: {model: tuned.model, prompts: written.prompts}
              written:
                stage: self-instruct
                inputs: {model: tuned.model, examples: seeds.examples}
              judged:
                stage: judge
                inputs: {model: tuned.model, candidates: two, rubric: rubric}
              scored:
                stage: reference-logps
                inputs: {model: tuned.model, pairs: one.pairs}
              tuned:
                stage: dpo
                inputs: {model: tuned.model, pairs: one.pairs, reference-logps: scored}
              seeds:
                stage: seed-prep
                inputs: {trees: rubric}
            sources: {rubric: {path: seeds.yaml}}

            """, to: "cycle.yaml")
        let result = try place.pipeline.run("run", "cycle.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.contains(" → "))
        #expect(result.stderr.contains("cycle.yaml:"))
        #expect(!place.exists("artifacts"))
    }

    @Test("a source that is not there ends the run before it begins")
    func missingSource() throws {
        try place.writeSeedPipeline(source: "{path: nothing.jsonl}")
        let result = try place.pipeline.run("run", "seeds.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.contains("nothing.jsonl"))
        #expect(!place.exists("artifacts"))
    }

    @Test("a source with another digest than demanded ends the run before it begins")
    func sourceDigest() throws {
        try place.write("{}\n", to: "trees.jsonl")
        let wrong = String(repeating: "ab", count: 32)
        try place.writeSeedPipeline(source: "{path: trees.jsonl, sha256: \(wrong)}")
        let result = try place.pipeline.run("run", "seeds.yaml")
        #expect(result.status == 2)
        #expect(result.stderr.contains(wrong))
        #expect(result.stderr.contains("trees.jsonl"))
        #expect(!place.exists("artifacts"))
    }

    @Test(
        "an unknown stage is answered with the nearest one",
        arguments: [
            ["run", "seeds.yaml", "--until", "seedz"], ["run", "seeds.yaml", "--force", "seedz"],
            ["why", "seedz", "seeds.yaml"],
        ])
    func unknownStage(arguments: [String]) throws {
        try place.writeSeedPipeline()
        let result = try place.pipeline.run(arguments)
        #expect(result.status == 2)
        #expect(result.stderr.contains("did you mean 'seeds'?"))
    }

    @Test("with --json the last line of stderr says what went wrong")
    func errorJSON() throws {
        let result = try place.pipeline.run("run", "nowhere.yaml", "--json")
        let error = try result.errorJSON()
        #expect(error["schema"] as? String == "pipeline.error/1")
        #expect(error["code"] as? Int == 2)
        #expect((error["message"] as? String)?.contains("nowhere.yaml") == true)
        let usage = try place.pipeline.run("run", "--json").errorJSON()
        #expect(usage["code"] as? Int == 2)
    }
}
