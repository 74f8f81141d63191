import Artifacts
import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

/// What the pipelines of the repository connect. They are read, not run.
@Suite("The pipelines that come with the program")
struct ShippedPipelineTests {
    static let files = ["iter1.yaml", "iter2.yaml", "iter3.yaml", "smoke.yaml"]

    private func load(_ file: String, overlays: [String] = []) throws -> PipelinePlan {
        let folder = SharedData.repository.appending(path: "pipelines")
        return try PlanLoader(registry: StandardStages.registry).load(
            folder.appending(path: file).path, overlays: overlays.map { folder.appending(path: $0).path })
    }

    private func origins(_ plan: PipelinePlan, _ stage: String, _ port: String) throws -> [String] {
        let connections = try #require(plan.stage(named: stage), "\(stage)").connections
        return connections.filter { $0.port.name == port }.flatMap(\.origins).map(\.description)
    }

    @Test(
        "AndrisWillow: in each iteration the model before it answers, judges, is trained and is DPO's reference",
        arguments: ["iter3.yaml", "smoke.yaml"])
    func policyIsTheModelBefore(file: String) throws {
        let plan = try load(file)
        for (iteration, policy) in [("m2", "m1.model"), ("m3", "m2.model.model")] {
            for stage in ["candidates", "judgements", "reference", "model"] {
                #expect(try origins(plan, "\(iteration).\(stage)", "model") == [policy], "\(iteration).\(stage)")
            }
        }
    }

    @Test("an iteration learns from its own pairs alone, and does not write the prompts of the one before again")
    func freshPairs() throws {
        let plan = try load("iter3.yaml")
        for iteration in ["m2", "m3"] {
            #expect(try origins(plan, "\(iteration).model", "pairs") == ["\(iteration).pairs.pairs"])
            #expect(try origins(plan, "\(iteration).prompts", "examples") == ["seeds.examples"])
        }
        #expect(try origins(plan, "m2.prompts", "earlier").isEmpty)
        #expect(try origins(plan, "m3.prompts", "earlier") == ["m2.prompts.prompts"])
    }

    @Test("M1 is M0 trained on IFT and EFT data, the SFT baseline on IFT data alone", arguments: files)
    func firstModels(file: String) throws {
        let plan = try load(file)
        #expect(try origins(plan, "sft", "model") == origins(plan, "m1", "model"))
        #expect(try origins(plan, "sft", "judge-examples").isEmpty)
        #expect(try origins(plan, "m1", "examples") == ["seeds.examples"])
        #expect(try origins(plan, "m1", "judge-examples") == ["seeds.judge-examples", "eft.judge-examples"])
        #expect(try origins(plan, "eft", "model") == ["sft.model"])
    }

    @Test(
        "Online-RLHF, SPPO: held-out rankings are read by evaluations, and by self-instruct as what it must not write",
        arguments: files)
    func heldOut(file: String) throws {
        let plan = try load(file)
        var evaluations = 0
        let kinds = [EvaluateJudgeStage.kind, LikelihoodBaselineStage.kind, CompareJudgesStage.kind]
        for stage in plan.stages {
            for connection in stage.connections
            where connection.origins.map(\.description).contains("seeds.rankings-eval") {
                if stage.kind == WriteTasksStage.kind {
                    #expect(connection.port.name == "held-out")
                } else {
                    #expect(kinds.contains(stage.kind), "\(stage.name)")
                    evaluations += 1
                }
            }
        }
        #expect(evaluations >= 2)
        for stage in plan.stages where stage.kind == WriteTasksStage.kind {
            #expect(try origins(plan, stage.name, "held-out") == ["seeds.rankings-eval"])
        }
    }

    @Test(
        "the paper's profile sets the paper's numbers",
        arguments: [
            ("seeds", "ift", "3200"), ("m1", "learning_rate", 5.5e-6), ("m1", "final_learning_rate", 1.1e-6),
            ("m1", "batch_size", 16), ("m1", "dropout", 0.1), ("m3.prompts", "temperature", 0.6),
            ("m3.prompts", "top_p", 0.9), ("m3.prompts", "demonstrations", 8),
            ("m3.prompts", "own_demonstrations", 2), ("m3.candidates", "samples", 4),
            ("m3.candidates", "temperature", 0.7), ("m3.candidates", "top_p", 0.9), ("m3.judgements", "samples", 3),
            ("m3.judgements", "scoring", "sampled"), ("m3.judgements", "worked_examples", 0),
            ("m3.model", "learning_rate", 1e-6), ("m3.model", "final_learning_rate", 1e-7),
            ("m3.model", "batch_size", 16), ("m3.model", "dropout", 0.1), ("m3.model", "beta", 0.1),
            ("m3.model", "loss", "sigmoid"),
        ] as [(String, String, JSONValue)])
    func paperProfile(stage: String, parameter: String, value: JSONValue) throws {
        let plan = try load("iter3.yaml", overlays: ["profiles/paper.yaml"])
        #expect(try #require(plan.stage(named: stage)).parameters[parameter] == value)
    }

    @Test("the eight-bit profile sets the weights of stages that write prompts and responses, and changes no other")
    func eightBitProfile() throws {
        let plain = try load("iter3.yaml"), changed = try load("iter3.yaml", overlays: ["profiles/eight-bit.yaml"])
        let writing: Set = ["self-instruct", "sample"]
        for stage in changed.stages {
            if writing.contains(stage.kind.rawValue) {
                #expect(stage.parameters["weights"] == "q8", "\(stage.name)")
            } else {
                #expect(stage.parameters == plain.stage(named: stage.name)?.parameters, "\(stage.name)")
            }
        }
    }

    static let ablations: [String] = {
        let folder = SharedData.repository.appending(path: "pipelines/ablations")
        return (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? []
    }()

    @Test("every ablation fits the loop and the smoke loop, and changes it", arguments: ablations)
    func ablation(file: String) throws {
        for pipeline in ["iter3.yaml", "smoke.yaml"] {
            let plain = try load(pipeline), changed = try load(pipeline, overlays: ["ablations/\(file)"])
            let isSame = plain.stages.allSatisfy { stage in
                let other = changed.stage(named: stage.name)
                return other?.kind == stage.kind && other?.parameters == stage.parameters
                    && other?.connections.flatMap(\.origins) == stage.connections.flatMap(\.origins)
            }
            let addsStages = changed.stages.count > plain.stages.count
            #expect(!isSame || addsStages || plain.sources.map(\.path) != changed.sources.map(\.path), "\(pipeline)")
        }
    }

    @Test("the evaluations beside the loop compare its models, and train none")
    func contests() throws {
        let alpaca = try load("iter3.yaml", overlays: ["evaluations/alpaca-eval.yaml"])
        for model in ["m1", "m2", "m3"] {
            #expect(try origins(alpaca, "\(model).alpaca-eval", "candidates") == ["alpaca.\(model).candidates"])
            #expect(try origins(alpaca, "\(model).alpaca-eval", "baseline") == ["alpaca.candidates"])
        }
        let people = try load("iter3.yaml", overlays: ["evaluations/human.yaml"])
        for model in ["m1", "m2", "m3"] {
            #expect(try origins(people, "\(model).packet", "baseline") == ["people.sft.candidates"])
            let packet = try #require(people.stage(named: "\(model).packet")?.parameters)
            #expect(packet["prompts"] == 50 && packet["raters"] == 3)
        }
        for plan in [alpaca, people] {
            let trained = plan.stages.filter { ["sft", "dpo"].contains($0.kind.rawValue) }.map(\.name)
            #expect(
                trained
                    == (try load("iter3.yaml")).stages.filter { ["sft", "dpo"].contains($0.kind.rawValue) }.map(
                        \.name))
        }
    }

    @Test("the evaluations fit the loop and the smoke loop, and take nothing that is trained on")
    func benchmarksAndBreakdowns() throws {
        for pipeline in ["iter3.yaml", "smoke.yaml"] {
            let benchmark = try load(pipeline, overlays: ["evaluations/mt-bench.yaml"])
            #expect(try origins(benchmark, "m3.mt-bench-answers", "model") == ["m3.model.model"])
            #expect(try origins(benchmark, "m3.mt-bench", "answers") == ["m3.mt-bench-answers.answers"])
            #expect(try origins(benchmark, "m3.mt-bench", "rubrics").count == 4)
            let breakdown = try load(
                pipeline, overlays: ["ablations/head-to-head.yaml", "evaluations/breakdown.yaml"])
            #expect(try origins(breakdown, "test.labels", "prompts") == ["test.prompts.prompts"])
            #expect(try origins(breakdown, "m3.breakdown", "judgements") == ["m3.head-to-head.judgements"])
            let controls = try load(
                pipeline, overlays: ["ablations/head-to-head.yaml", "evaluations/controls.yaml"])
            let own = try #require(controls.stage(named: "test.m1"))
            let again = try #require(controls.stage(named: "test.m1-again"))
            #expect(again.parameters == own.parameters && again.seed != own.seed)
            for control in ["control.itself", "control.noise"] {
                let contest = try #require(controls.stage(named: control))
                #expect(contest.parameters == controls.stage(named: "m2.head-to-head")?.parameters)
                #expect(try origins(controls, control, "candidates") == ["test.m1.candidates"])
            }
        }
    }

    @Test("the ablations of the paper change what they are named after")
    func paperAblations() throws {
        func changed(_ name: String) throws -> PipelinePlan {
            try load("iter3.yaml", overlays: ["ablations/\(name).yaml"])
        }
        #expect(try origins(changed("ift-only"), "m1", "judge-examples").isEmpty)
        #expect(try origins(changed("reference-m0"), "m3.reference", "model") == ["m0.model"])
        #expect(try origins(changed("prompts-from-policy"), "m3.prompts", "model") == ["m2.model.model"])
        #expect(
            try origins(changed("cumulative-pairs"), "m3.model", "pairs") == ["m2.pairs.pairs", "m3.pairs.pairs"])
        let desirability = try changed("loss-kto")
        for iteration in ["m2", "m3"] {
            #expect(desirability.stage(named: "\(iteration).reference")?.parameters["mismatched"] == true)
            #expect(desirability.stage(named: "\(iteration).model")?.parameters["loss"] == "kto")
        }
        let positive = try changed("positive-only")
        #expect(positive.stage(named: "m3.model")?.kind == FineTuneStage.kind)
        #expect(
            try origins(positive, "m3.model", "responses") == ["m2.best.responses", "m3.best.responses"])
        #expect(Self.ablations.count >= 23)
    }

    @Test("nine benchmarks of four models, the same items for each, with the shots behind the paper's Table 3")
    func benchmarks() throws {
        let plan = try load("evaluations/benchmarks.yaml")
        let stages = plan.stages.filter { $0.kind == EvaluateBenchmarksStage.kind }
        #expect(stages.count == 36)
        for (model, origin) in [
            ("sft", "sft.model"), ("m1", "m1.model"), ("m2", "m2.model.model"), ("m3", "m3.model.model"),
        ] {
            let own = stages.filter { $0.name.hasPrefix("benchmarks.\(model).") }
            #expect(
                Set(own.map { $0.parameters["task"]?.stringValue }) == Set(BenchmarkTask.allCases.map(\.rawValue)))
            for stage in own {
                #expect(try origins(plan, stage.name, "model") == [origin])
                let shots: JSONValue =
                    switch stage.parameters["task"]?.stringValue {
                    case "mmlu": 5
                    case "gsm8k": 8
                    default: 0
                    }
                #expect(stage.parameters["shots"] == shots && stage.parameters["limit"] == 400, "\(stage.name)")
                #expect(try origins(plan, stage.name, "shots").isEmpty == (shots == 0))
            }
        }
    }
}
