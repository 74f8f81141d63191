import Artifacts
import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

@Suite("The weights that stages generate with")
struct WeightFormatTests {
    /// A shipped pipeline with an overlay.
    private func plan(_ file: String, _ overlay: String) throws -> PipelinePlan {
        let folder = SharedData.repository.appending(path: "pipelines")
        return try withTemporaryFile(overlay) { overlay in
            try PlanLoader(registry: StandardStages.registry).load(
                folder.appending(path: file).path, overlays: [overlay.path])
        }
    }

    static let kinds = ["self-instruct", "sample", "judge", "eft-filter", "evaluate-judge"]

    @Test("are in the key", arguments: kinds)
    func keys(kind: String) throws {
        func keys(_ overlay: String) throws -> [StageKey] {
            let plan = try plan("iter3.yaml", overlay)
            let stages = plan.stages.filter { $0.kind.rawValue == kind }
            #expect(!stages.isEmpty)
            return try stages.map { try StageKey(of: $0, inputs: [:]) }
        }
        let unset = try keys("defaults: {}\n"), full = try keys("defaults: {\(kind): {weights: full}}\n")
        let quantized = try keys("defaults: {\(kind): {weights: q8}}\n")
        #expect(full == unset)
        for (unset, quantized) in zip(unset, quantized) {
            #expect(unset.preimage["params"]?["precision"] == "bf16")
            #expect(unset.preimage["params"]?["weights"] == "full")
            #expect(quantized.preimage["params"]?["weights"] == "q8")
            #expect(quantized.digest != unset.digest)
        }
    }

    @Test("of eight bits are refused in single precision before anything runs", arguments: kinds)
    func single(kind: String) throws {
        let error = try #require(throws: PipelineError.self) {
            try plan("smoke.yaml", "defaults:\n  \(kind): {weights: q8}\n")
        }
        let text = "\(error)"
        #expect(text.contains("'weights' is 'q8', which 'precision: f32' does not take; set 'precision: bf16'"))
        #expect(text.contains(":2:"), "\(text)")
    }

    @Test("that do not exist are refused with those that do")
    func unknown() throws {
        let error = try #require(throws: PipelineError.self) {
            try plan("iter3.yaml", "defaults: {judge: {weights: q9}}\n")
        }
        #expect("\(error)".contains("did you mean 'q8'?"), "\(error)")
    }
}
