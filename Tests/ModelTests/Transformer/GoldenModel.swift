import Foundation
import Model
import TestSupport

/// Reads the golden folders with the least code that can: float32 safetensors and plain JSON. The program's own
/// readers are tested elsewhere.
enum GoldenModel {
    struct TensorEntry: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    struct Problem: Error { var text: String }

    static func json(_ path: String) throws -> [String: Any] {
        let data = try Data(contentsOf: SharedData.url("golden/" + path))
        guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw Problem(text: "\(path) is not an object")
        }
        return object
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: SharedData.url("golden/" + path)))
    }

    static func floats(_ path: String) throws -> [Float] {
        let data = try Data(contentsOf: SharedData.url("golden/" + path))
        return data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    static func configuration(_ folder: String) throws -> ModelConfiguration {
        let values = try json(folder + "/config.json")
        let rope = values["rope_parameters"] as? [String: Any] ?? values
        func whole(_ key: String) throws -> Int {
            guard let value = values[key] as? Int else { throw Problem(text: "\(folder): no \(key)") }
            return value
        }
        return ModelConfiguration(
            vocabularySize: try whole("vocab_size"), hiddenSize: try whole("hidden_size"),
            intermediateSize: try whole("intermediate_size"), layerCount: try whole("num_hidden_layers"),
            headCount: try whole("num_attention_heads"), keyValueHeadCount: try whole("num_key_value_heads"),
            headSize: try whole("head_dim"), ropeTheta: rope["rope_theta"] as? Double ?? 10_000,
            normEpsilon: values["rms_norm_eps"] as? Double ?? 0, contextLength: try whole("max_position_embeddings"),
            tiesEmbeddings: values["tie_word_embeddings"] as? Bool ?? false)
    }

    /// A model from `config.json` and one float32 `model.safetensors`.
    static func load(_ folder: String) throws -> LanguageModel {
        let model = try LanguageModel(configuration: configuration(folder))
        let data = try Data(contentsOf: SharedData.url("golden/" + folder + "/model.safetensors"))
        let length = Int(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        var entries: [String: TensorEntry] = [:]
        let header = try JSONSerialization.jsonObject(with: data[8..<(8 + length)]) as? [String: Any] ?? [:]
        for (name, value) in header where name != "__metadata__" {
            entries[name] = try JSONDecoder().decode(
                TensorEntry.self, from: JSONSerialization.data(withJSONObject: value))
        }
        for tensor in model.layout.tensors {
            guard let entry = entries[tensor.name], entry.dtype == "F32", entry.shape == tensor.shape else {
                throw Problem(text: "\(folder): tensor \(tensor.name)")
            }
            let bytes = data[(8 + length + entry.data_offsets[0])..<(8 + length + entry.data_offsets[1])]
            model.parameters.withUnsafeMutableBufferPointer { parameters in
                _ = bytes.copyBytes(to: UnsafeMutableBufferPointer(rebasing: parameters[tensor.range]))
            }
        }
        return model
    }

    static func mask(_ values: [Int]) -> [Bool] { values.map { $0 == 1 } }
}

/// A random model with round numbers nowhere, for tests that need no data.
enum RandomModel {
    static let small = ModelConfiguration(
        vocabularySize: 37, hiddenSize: 24, intermediateSize: 40, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
        headSize: 6, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 1024, tiesEmbeddings: true)

    static func make(_ configuration: ModelConfiguration = small, seed: UInt64 = 5) throws -> LanguageModel {
        let model = try LanguageModel(configuration: configuration)
        var generator = Philox(key: seed)
        for tensor in model.layout.tensors {
            for index in tensor.range {
                let value = Float(generator.uniform()) - 0.5
                model.parameters[index] = tensor.isMatrix ? 0.6 * value : 1 + value
            }
        }
        return model
    }

    /// A sequence of `length` random tokens whose tokens from `firstTarget` on are targets.
    static func sequence(_ length: Int, firstTarget: Int, seed: UInt64, vocabulary: Int = 37) -> TargetedSequence {
        var generator = Philox(key: seed, stream: 99)
        return TargetedSequence(
            tokens: (0..<length).map { _ in Int32(generator.below(vocabulary)) },
            targetMask: (0..<length).map { $0 >= firstTarget })
    }
}
