import Foundation
import Model
import TestSupport
import Testing

/// Random-weight models written by transformers, with logits and gradients from PyTorch.
@Suite("Transformer against PyTorch", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct GoldenTransformerTests {
    struct Expected: Decodable {
        struct Sequence: Decodable {
            var ids: [Int32]
            var target_mask: [Int]
            var logits_file: String
        }
        var sequences: [Sequence]
        var loss_float64: Double
        var gradient_norms_float64: [String: Double]
        var gradients_file: String?
        var gradients_order: [GradientPlace]?
    }

    struct GradientPlace: Decodable {
        var name: String
        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            name = try values.decode(String.self)
        }
    }

    static let folders = ["gqa-tied", "untied", "untied-f16", "untied-bf16", "sharded"].map { "tiny/llama-\($0)" }

    /// Read with the least code where that can, else by the program: half precision and shards.
    private func model(_ folder: String) throws -> LanguageModel {
        ["tiny/llama-gqa-tied", "tiny/llama-untied"].contains(folder)
            ? try GoldenModel.load(folder) : try LanguageModel(huggingFace: SharedData.url("golden/" + folder))
    }

    @Test("logits agree at every position", arguments: folders)
    func logits(folder: String) throws {
        let model = try model(folder)
        let transformer = Transformer(model: model, pool: WorkerPool(threads: 2))
        let expected = try GoldenModel.decode(Expected.self, folder + "/expected.json")
        let vocabulary = model.configuration.vocabularySize
        for sequence in expected.sequences {
            let logits = try GoldenModel.floats(folder + "/" + sequence.logits_file)
            // Every token of the vocabulary as the next one, at the end of every prefix. (A difference of log-probabilities
            // holds the rounding of two logits.)
            for position in sequence.ids.indices {
                let row = logits[(position * vocabulary)..<((position + 1) * vocabulary)].map(Double.init)
                let largest = row.max() ?? 0
                let total = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
                let prefix = Array(sequence.ids[...position])
                let batch = PackedBatch(
                    (0..<vocabulary).map {
                        TargetedSequence(
                            tokens: prefix + [Int32($0)],
                            targetMask: [Bool](repeating: false, count: prefix.count) + [true])
                    })
                #expect(batch.rows == prefix.count)
                let found = transformer.forward(batch, keepActivations: false)
                for token in 0..<vocabulary {
                    #expect(abs(found[token].logProbability - (row[token] - total)) < 4e-4)
                }
            }
        }
    }

    @Test("loss and gradients agree", arguments: folders)
    func gradients(folder: String) throws {
        let model = try model(folder)
        let transformer = Transformer(model: model, pool: WorkerPool(threads: 2))
        let expected = try GoldenModel.decode(Expected.self, folder + "/expected.json")
        let batch = PackedBatch(
            expected.sequences.map { TargetedSequence(tokens: $0.ids, targetMask: GoldenModel.mask($0.target_mask)) })
        let found = transformer.forward(batch, keepActivations: true)
        let count = Double(found.count)
        #expect(abs(-found.reduce(0) { $0 + $1.logProbability } / count - expected.loss_float64) < 1e-5)

        let gradient = FloatBuffer(count: model.layout.count)
        transformer.backward([Float](repeating: Float(-1 / count), count: found.count), into: gradient)
        for tensor in model.layout.tensors {
            let norm = sqrt(tensor.range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) })
            let exact = try #require(expected.gradient_norms_float64[tensor.name])
            #expect(abs(norm - exact) <= 2e-5 * exact, "\(tensor.name)")
        }
        guard let file = expected.gradients_file, let order = expected.gradients_order else { return }
        let values = try GoldenModel.floats(folder + "/" + file)
        var offset = 0
        for place in order {
            let tensor = try #require(model.layout.tensors.first { $0.name == place.name })
            let norm = try #require(expected.gradient_norms_float64[tensor.name])
            for (index, value) in zip(tensor.range, values[offset...]) {
                #expect(abs(Double(gradient[index] - value)) <= 2e-5 * norm, "\(tensor.name)")
            }
            offset += tensor.count
        }
    }
}
