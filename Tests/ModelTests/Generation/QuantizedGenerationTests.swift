import CKernels
import Foundation
import Model
import TestSupport
import Testing

@Suite("Generation with weights of eight bits")
struct QuantizedGenerationTests {
    static func engine(
        _ model: LanguageModel, _ weights: WeightFormat = .quantized, threads: Int = 2,
        options: GenerationOptions = GenerationOptions()
    ) throws -> GenerationEngine {
        try GenerationEngineTests.engine(model, .bfloat16, weights: weights, threads: threads, options: options)
    }

    /// `model` with the values that its matrices have in eight bits.
    static func rounded(_ model: LanguageModel) throws -> LanguageModel {
        let result = try LanguageModel(configuration: model.configuration)
        result.parameters.copy(from: model.parameters)
        for matrix in model.layout.matrices {
            let rows = matrix.outFeatures, depth = matrix.inFeatures
            let values = (0..<(rows * depth)).map { model.parameters[matrix.offset + $0] }
            let rounded = QuantizedKernelTests.values(
                QuantizedKernelTests.quantized(values, depth: depth), rows: rows, depth: depth)
            for (index, value) in rounded.enumerated() { result.parameters[matrix.offset + index] = value }
        }
        return result
    }

    @Test("results are the same bits whatever slots, chunks, memory, threads, order and company")
    func invariance() throws {
        let model = try TinyModel.make()
        let requests = GenerationEngineTests.mixedRequests()
        let expected = try Self.engine(model).generate(requests)
        #expect(expected != (try Self.engine(model, .full).generate(requests)))
        for (threads, options) in [
            (1, GenerationOptions()), (2, GenerationOptions(slots: 1)),
            (1, GenerationOptions(slots: 3, prefillTokens: 7)), (2, GenerationOptions(slots: 6, prefillTokens: 1)),
            (5, GenerationOptions(slots: 64, prefillTokens: 1)),
            (2, GenerationOptions(slots: 8, prefillTokens: 40, cacheBytes: 1)),
        ] {
            let engine = try Self.engine(model, threads: threads, options: options)
            #expect(try engine.generate(requests) == expected, "\(threads) threads, \(options)")
        }
        let engine = try Self.engine(model)
        for (request, result) in zip(requests, expected) { #expect(try engine.generate([request]) == [result]) }
    }

    @Test("the model is the one whose matrices were rounded beforehand")
    func roundedBeforehand() throws {
        // Untied: the embedding, of which rows are looked up, is not rounded.
        let model = try TinyModel.make(), rounded = try Self.rounded(model)
        let requests = GenerationEngineTests.mixedRequests()
        #expect(try Self.engine(rounded).generate(requests) == Self.engine(model).generate(requests))
        let prompts = [[4], GenerationEngineTests.tokens(15, 3), GenerationEngineTests.tokens(33, 5)]
        let candidates = (0..<97).map(Int32.init)
        let rows = try Self.engine(model).nextTokenLogProbabilities(after: prompts, of: candidates)
        for (row, prompt) in zip(rows, prompts) {
            let expected = TinyModel.nextLogProbabilities(rounded, prompt)
            let errors = zip(row, expected).map { abs(Double($0) - $1) }
            // As for bfloat16, though activations have eight bits a block; weights are rounded no further.
            #expect((errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot() < 0.03)
        }
    }

    @Test("weights of eight bits are refused in single precision")
    func single() throws {
        let error = #expect(throws: ModelError.self) {
            _ = try GenerationEngineTests.engine(TinyModel.make(), .single, weights: .quantized)
        }
        #expect(
            error?.description == "model configuration: 'weights' is 'q8', which 'precision: f32' does not take; set "
                + "'precision: bf16', or leave 'weights' out")
    }

    /// Log-probabilities of each text's next tokens.
    static func scores(_ engine: GenerationEngine, _ texts: [[Int32]]) throws -> [Float] {
        try texts.flatMap { ids in
            try (1..<ids.count).flatMap { end in
                try engine.nextTokenLogProbabilities(after: [Array(ids[..<end])], of: [ids[end]])[0]
            }
        }
    }

    @Test(
        "on real text a token's log-probability stays within a few hundredths of bfloat16's, in the mean",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func quality() throws {
        struct Logits: Decodable {
            struct Text: Decodable { var ids: [Int32] }
            var texts: [Text]
        }
        let model = try PretrainedModel(huggingFace: SharedData.url("golden/stories260k/model")).model
        let texts = try GenerationGoldenTests.golden("stories260k/logits.json", as: Logits.self).texts.map(\.ids)
        let quantized = try Self.scores(Self.engine(model), texts)
        let half = try Self.scores(Self.engine(model, .full), texts)
        let distance = zip(quantized, half).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(half.count)
        // Either factor is off by 0.3 scales, of which a typical one has fifty: half a hundredth of it. Ten products one
        // after the other add their errors up as a random walk does, and logits spread over some units: 0.03 for the
        // weights, as much for what they are multiplied by.
        #expect(distance < 0.03 * 2.0.squareRoot())
    }
}
