import Foundation
import Model
import TestSupport
import Testing

@Suite("importing models")
struct ImportTests {
    private struct Dequantised: Decodable {
        struct Tensor: Decodable {
            var hf_name: String
            var sum: Double
            var sum_squares: Double
            var first8: [Float]
            var last8: [Float]
            var hf_first8: [Float]?
            var hf_last8: [Float]?
        }
        var tensors: [Tensor]
    }

    @Test(
        "SmolLM2's weights are those of the reference to the bit",
        .enabled(if: SharedData.isPresent && SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func smolLM2() throws {
        let file = try #require(SharedData.smolLM2)
        let model = try LanguageModel(gguf: file)
        #expect(
            model.configuration
                == ModelConfiguration(
                    vocabularySize: 49152, hiddenSize: 576, intermediateSize: 1536, layerCount: 30, headCount: 9,
                    keyValueHeadCount: 3, headSize: 64, ropeTheta: 100_000, normEpsilon: 1e-5, contextLength: 8192,
                    tiesEmbeddings: true))
        let expected = try JSONDecoder().decode(
            Dequantised.self, from: Data(contentsOf: SharedData.url("golden/smollm2/dequantised.json")))
        #expect(expected.tensors.count > 100)
        for tensor in expected.tensors {
            let place = try #require(model.layout.tensors.first { $0.name == tensor.hf_name })
            model.parameters.withUnsafeBufferPointer { all in
                let values = all[place.range]
                #expect(Array(values.prefix(8)) == tensor.hf_first8 ?? tensor.first8, "\(tensor.hf_name)")
                #expect(Array(values.suffix(8)) == tensor.hf_last8 ?? tensor.last8, "\(tensor.hf_name)")
                var (sum, squares, magnitudes) = (0.0, 0.0, 0.0)
                for value in values {
                    sum += Double(value)
                    squares += Double(value) * Double(value)
                    magnitudes += Double(abs(value))
                }
                #expect(abs(sum - tensor.sum) <= 1e-9 * magnitudes)
                #expect(abs(squares - tensor.sum_squares) <= 1e-9 * squares)
            }
        }
    }

    @Test(
        "stories260K is the same model as GGUF and as a Hugging Face folder",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func stories() throws {
        let gguf = try LanguageModel(gguf: SharedData.url("golden/stories260k/stories260k-f32.gguf"))
        let folder = try LanguageModel(huggingFace: SharedData.url("golden/stories260k/model"))
        #expect(gguf.configuration == folder.configuration)
        #expect(gguf.parameters.values == folder.parameters.values)
    }

    @Test(
        "transformers' folders are read, of versions 4 and 5, whole and in shards",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: ["llama-gqa-tied", "llama-untied", "llama-untied-f16", "llama-untied-bf16", "llama-sharded"])
    func tiny(name: String) throws {
        let model = try LanguageModel(huggingFace: SharedData.url("golden/tiny/\(name)"))
        #expect(model.configuration.tiesEmbeddings == (name == "llama-gqa-tied"))
        #expect(model.parameters.values.contains { $0 != 0 })
        #expect(model.parameters.values.allSatisfy { $0.isFinite })
    }

    @Test(
        "rounded weights are the rounding of the full ones",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func rounded() throws {
        let full = try LanguageModel(huggingFace: SharedData.url("golden/tiny/llama-untied")).parameters.values
        let half = try LanguageModel(huggingFace: SharedData.url("golden/tiny/llama-untied-f16")).parameters.values
        #expect(half == full.map { Float(Float16($0)) })
        let brain = try LanguageModel(huggingFace: SharedData.url("golden/tiny/llama-untied-bf16")).parameters.values
        // To the nearest of the upper 16 bits, to an even one where two are as near.
        let rounded = full.map { value in
            let bits = value.bitPattern
            return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
        }
        #expect(brain == rounded)
    }

    @Test("a configuration of another model is refused before memory is taken for it")
    func otherConfiguration() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "import-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try LanguageModel.random(configuration: .tiny(), seed: 1).writeHuggingFace(to: folder)
        let file = folder.appending(path: "config.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        func changed(_ old: String, _ new: String) throws -> String {
            try text.replacing(old, with: new).write(to: file, atomically: true, encoding: .utf8)
            do { _ = try LanguageModel(huggingFace: folder); return "no error" } catch { return "\(error)" }
        }
        #expect(
            try changed("\"vocab_size\": 40", "\"vocab_size\": 16777216").contains(
                "fewer than its configuration asks for"))
        #expect(try changed("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1000").contains("fewer than"))
        #expect(
            try changed("\"vocab_size\": 40", "\"vocab_size\": 39").contains(
                "tensor 'model.embed_tokens.weight' has the shape [40, 16], its configuration says [39, 16]"))
        #expect(try changed("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1").contains("'model.layers.1."))
        #expect(try changed("\"model_type\": \"llama\"", "\"model_type\": \"qwen2\"").contains("biases"))
        #expect(try changed("\"model_type\": \"llama\"", "\"model_type\": \"gpt_neox\"").contains("'gpt_neox'"))
        #expect(try changed("\"hidden_size\": 16", "\"hidden_size\": \"16\"").contains("'hidden_size' is a string"))
        #expect(
            try changed("\"rope_scaling\": null", "\"rope_scaling\": {\"rope_type\": \"llama3\"}").contains(
                "'llama3'"))
        #expect(try changed("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"").contains("'gelu'"))
        #expect(try changed("{", "[").contains("is not JSON: byte"))
        #expect(try changed("\"hidden_size\": 16", "\"hidden_size\": 16") == "no error")
    }

    @Test("an index of shards may not name a file outside its folder")
    func escapingShard() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shards-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try "{}".write(to: folder.appending(path: "config.json"), atomically: true, encoding: .utf8)
        let index = #"{"weight_map": {"a": "../../etc/passwd"}}"#
        try index.write(to: folder.appending(path: "model.safetensors.index.json"), atomically: true, encoding: .utf8)
        #expect { try HuggingFaceFiles(folder: folder) } throws: { "\($0)".contains("not in its folder") }
    }

    @Test("random models depend on their seed alone")
    func random() throws {
        let first = try LanguageModel.random(configuration: .tiny(), seed: 3)
        let again = try LanguageModel.random(configuration: .tiny(), seed: 3)
        let other = try LanguageModel.random(configuration: .tiny(), seed: 4)
        #expect(first.parameters.values == again.parameters.values)
        #expect(first.parameters.values != other.parameters.values)
        let norm = try #require(first.layout.tensors.first { !$0.isMatrix })
        #expect(first.parameters.values[norm.range].allSatisfy { $0 == 1 })
        let embedding = first.parameters.values[first.layout.tensors[0].range]
        let variance = embedding.reduce(0) { $0 + Double($1) * Double($1) } / Double(embedding.count)
        // 640 values: the standard error of a variance estimate is 0.02² · √(2/640), about 6 %; five of them.
        #expect(abs(variance / 0.0004 - 1) < 0.28)
    }
}
