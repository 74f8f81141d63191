import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

/// What the pipelines of the verifiable world connect. They are read, not run.
@Suite("The verifiable world's pipelines")
struct VerifiablePipelineTests {
    private func load(_ file: String) throws -> PipelinePlan {
        let folder = SharedData.repository.appending(path: "pipelines")
        return try PlanLoader(registry: StandardStages.registry).load(
            folder.appending(path: file).path, overlays: [])
    }

    private func origins(_ plan: PipelinePlan, _ stage: String, _ port: String) throws -> [String] {
        let connections = try #require(plan.stage(named: stage), "\(stage)").connections
        return connections.filter { $0.port.name == port }.flatMap(\.origins).map(\.description)
    }

    @Test(
        "in each of three iterations the model before it answers, judges, is trained and is DPO's reference",
        arguments: [("verifiable.yaml", ""), ("verifiable-random-judge.yaml", "random.")])
    func policyIsTheModelBefore(file: String, prefix: String) throws {
        let plan = try load(file)
        for (iteration, policy) in [("m2", "m1"), ("m3", "\(prefix)m2.model"), ("m4", "\(prefix)m3.model")] {
            for stage in ["candidates", "judgements", "reference", "model"] {
                let name = "\(prefix)\(iteration).\(stage)"
                #expect(try origins(plan, name, "model") == ["\(policy).model"], "\(name)")
            }
        }
    }

    @Test("loop and control differ in what pairs are made of, and in nothing else")
    func control() throws {
        let loop = try load("verifiable.yaml"), control = try load("verifiable-random-judge.yaml")
        for iteration in ["m2", "m3", "m4"] {
            #expect(
                try origins(loop, "\(iteration).pairs", "judgements") == ["\(iteration).judgements.judgements"])
            #expect(
                try origins(control, "random.\(iteration).pairs", "judgements")
                    == ["random.\(iteration).shuffled.judgements"])
        }
        #expect(control.stages.count == loop.stages.count + 3)
        for stage in loop.stages {
            let twin = try #require(control.stage(named: stage.name) ?? control.stage(named: "random.\(stage.name)"))
            #expect(twin.parameters == stage.parameters && twin.kind == stage.kind, "\(stage.name)")
        }
    }

    @Test("held-out tasks are answered and checked, and kept from those that models are trained on")
    func heldOut() throws {
        let plan = try load("verifiable.yaml")
        for stage in plan.stages {
            for connection in stage.connections where connection.origins.map(\.description) == ["world.held-out"] {
                #expect([DrawTasksStage.kind, SampleResponsesStage.kind].contains(stage.kind), "\(stage.name)")
                if stage.kind == SampleResponsesStage.kind { #expect(stage.name.hasSuffix("answers")) }
            }
        }
        for iteration in ["m2", "m3", "m4"] {
            #expect(try origins(plan, "\(iteration).prompts", "held-out") == ["world.held-out"])
            #expect(try origins(plan, "\(iteration).prompts", "held-out-rankings") == ["world.rankings-eval"])
            #expect(try origins(plan, "\(iteration).truth", "answers") == ["\(iteration).answers.candidates"])
            #expect(try origins(plan, "\(iteration).truth", "baseline") == ["m1.answers.candidates"])
        }
    }
}
