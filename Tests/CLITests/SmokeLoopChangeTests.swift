import Foundation
import Testing

extension SmokeLoop {
    @Suite("Only what a change reaches runs again")
    struct ChangeTests {
        struct Edit: Sendable, CustomTestStringConvertible {
            let testDescription: String
            var file = "pipelines/smoke.yaml"
            var old = ""
            var new = ""
            var options: [String] = []
        }

        static let harmlessEdits = [
            Edit(testDescription: "a comment", old: "# Some steps", new: "# A few steps"),
            Edit(
                testDescription: "a comment in a part", file: "pipelines/parts/iteration.yaml", old: "# Sized",
                new: "# Made"),
            Edit(
                testDescription: "the order of keys in a stage",
                old: "    stage: sft\n    inputs: {model: m0, examples: seeds.examples}\n",
                new: "    inputs: {examples: seeds.examples, model: m0}\n    stage: sft\n"),
            Edit(
                testDescription: "the order of parameters",
                old: "{learning_rate: 1e-3, final_learning_rate: 1e-4, batch_size: 4, stopping",
                new: "{batch_size: 4, final_learning_rate: 0.0001, learning_rate: 0.001, stopping"),
            Edit(
                testDescription: "the name of a stage that nobody reads", old: "sft.judge-quality:", new: "baseline:"),
            Edit(testDescription: "the name of the pipeline", old: "pipeline: smoke", new: "pipeline: smouldering"),
            Edit(
                testDescription: "how stages run",
                options: [
                    "--set", "m1.exec.threads=1", "--set", "m2.candidates.exec.shard_size=3",
                    "--set", "m3.judgements.exec.batch=2",
                ]),
        ]

        @Test("nothing runs after an edit that changes no result", arguments: harmlessEdits)
        func harmless(edit: Edit) throws {
            let (place, _) = try Workplace.afterLoop()
            if !edit.old.isEmpty { try place.edit(edit.file, replacing: edit.old, with: edit.new) }
            let report = try place.runLoop(edit.options, file: "pipelines/smoke.yaml")
            #expect(report.ran == [])
            #expect(report.cached.count == SmokeLoop.stageCount)
        }

        @Test("nothing runs in another environment: path, user, temporary folder, language, time zone (Bazel #3847)")
        func environment() throws {
            let (place, _) = try Workplace.afterLoop()
            place.pipeline.environment = [
                "PATH": "/usr/bin", "USER": "nobody", "HOME": "/nowhere", "TMPDIR": "/var/tmp", "LANG": "tr_TR.UTF-8",
                "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham",
            ]
            #expect(try place.runLoop().ran == [])
        }

        @Test("--strict-numerics keeps float work apart and leaves exact work alone; the reason is in the plan")
        func strictNumerics() throws {
            let (place, _) = try Workplace.afterLoop()
            let plan = try place.pipeline.run("plan", SmokeLoop.file, "--strict-numerics")
            func line(_ stage: String) -> String {
                plan.stdoutLines.first { $0.hasPrefix("\(stage) ") }.map(String.init) ?? ""
            }
            #expect(line("seeds").contains(" cached "))
            #expect(
                line("made").contains(
                    #" run     numerics changed from "float;kernels=5" to "float;kernels=5;machine="#))
            let why = try place.pipeline.run("why", "made", SmokeLoop.file, "--strict-numerics").stdout
            #expect(why.contains("\n  numerics changed from \"float;kernels=5\" to \"float;kernels=5;machine="))
            #expect(try place.runLoop(["--strict-numerics", "--until", "made"]).ran == ["made"])
            #expect(try place.runLoop(["--strict-numerics", "--until", "made"]).ran == [])
        }

        struct Change: Sendable, CustomTestStringConvertible {
            var stage: String
            var parameter: String
            var old: String
            var new: String
            /// The stages that run, besides the changed one.
            var reaches: Set<String> = []

            var testDescription: String { "\(stage).\(parameter)=\(new)" }
        }

        static let changes = [
            // No two responses tie here: the pairs stay what they were, and with them all that is made of them.
            Change(stage: "m3.pairs", parameter: "tie_break", old: "\"seeded\"", new: "\"first\""),
            Change(stage: "m2.judge-quality", parameter: "resamples", old: "200", new: "300"),
            Change(
                stage: "m3.model", parameter: "learning_rate", old: "0.001", new: "0.002",
                reaches: ["m3.answers", "m3.judge-quality", "judges"]),
            Change(
                stage: "m3.candidates", parameter: "samples", old: "3", new: "4",
                reaches: [
                    "m3.judgements", "m3.pairs", "m3.reference", "m3.model", "m3.answers", "m3.judge-quality",
                    "judges",
                ]),
        ]

        @Test("a parameter runs its stage and what depends on changed content; why names it", arguments: changes)
        func parameter(change: Change) throws {
            let (place, finished) = try Workplace.afterLoop()
            let setting = ["--set", "\(change.stage).\(change.parameter)=\(change.new)"]
            let why = try place.pipeline.run(["why", change.stage, SmokeLoop.file] + setting)
            #expect(
                why.stdout.contains("parameter '\(change.parameter)' changed: \(change.old) → \(change.new)\n"),
                "\(why.stdout)\(why.stderr)")
            #expect(try place.runLoop(setting).ran == change.reaches.union([change.stage]))

            // The old results are still there.
            #expect(try place.runLoop().ran == [])
            #expect(try place.digests() == finished.digests)
        }

        @Test("a default of a kind, edited in the file, reaches the stages of that kind")
        func editedDefault() throws {
            let (place, _) = try Workplace.afterLoop()
            try place.edit("pipelines/smoke.yaml", replacing: "resamples: 200", with: "resamples: 250")
            let report = try place.runLoop(file: "pipelines/smoke.yaml")
            #expect(report.ran == ["sft.judge-quality", "m1.judge-quality", "m2.judge-quality", "m3.judge-quality"])
        }

        @Test("a source that changed runs its readers, and no more than changed content asks for")
        func editedSource() throws {
            let (place, _) = try Workplace.afterLoop()
            // Spaces at the end of a line are part of the file, not of the trees in it.
            try place.edit("pipelines/data/evaluation-examples.jsonl", replacing: "}\n", with: "} \n")
            let report = try place.runLoop(file: "pipelines/smoke.yaml")
            #expect(report.ran == ["seeds"])
        }
    }
}
