import Foundation
import Model
import TestSupport
import Testing

/// The tokenizers and expected ids of `../shared/data`.
enum TokenizerVectors {
    static func tokenizer(_ name: String) throws -> Tokenizer {
        switch name {
        case "smollm2": try Tokenizer(gguf: #require(SharedData.smolLM2))
        case "mistral": try Tokenizer(huggingFace: SharedData.url("tokenizers/mistral/tokenizer.json"))
        case "stories260k": try Tokenizer(gguf: SharedData.url("golden/stories260k/stories260k-f32.gguf"))
        case "stories260k-hf":
            try Tokenizer(
                huggingFace: SharedData.url("golden/stories260k/model/tokenizer.json"),
                configuration: SharedData.url("golden/stories260k/model/tokenizer_config.json"))
        default: try Tokenizer(gguf: SharedData.url("tokenizers/llamacpp/ggml-vocab-\(name).gguf"))
        }
    }

    struct Vector: Decodable {
        var text: String
        var ids: [Int32]
    }

    /// llama.cpp's texts; its Llama 2 ids are those of SentencePiece.
    static func llamaCPP(_ name: String) throws -> [Vector] {
        let base = SharedData.url("tokenizers/llamacpp/ggml-vocab-\(name).gguf").path
        let texts = try String(contentsOfFile: base + ".inp", encoding: .utf8)
            .split(separator: "\n__ggml_vocab_test__\n", omittingEmptySubsequences: false).map(String.init)
        var lines = try String(contentsOfFile: base + ".out", encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast(lines.count - texts.count)
        return zip(texts, lines).map { text, line in
            Vector(text: text, ids: line.split(separator: " ").compactMap { Int32($0) })
        }
    }

    static func smolLM2() throws -> [Vector] {
        struct Row: Decodable { var text: String; var ids: [Int32] }
        return try decode("tokenizers/smollm2/vectors-peer-run.json")
    }

    /// transformers.js's cases by tokenizer, without a beginning token.
    static func transformersJS(_ name: String, beginning: Int32?) throws -> [Vector] {
        let all: [String: [String: Vector]] = try decode("tokenizers/transformersjs/vectors.json")
        return try #require(all[name]).sorted { $0.key < $1.key }.map { entry in
            var vector = entry.value
            if let beginning, vector.ids.first == beginning { vector.ids.removeFirst() }
            return vector
        }
    }

    static func swiftTransformers(_ file: String, beginning: Int32?) throws -> [Vector] {
        struct Row: Decodable { var text: String; var token_ids: [Int32] }
        let row: Row = try decode("tokenizers/swift-transformers/\(file)")
        return [
            Vector(
                text: row.text,
                ids: row.token_ids.first == beginning ? Array(row.token_ids.dropFirst()) : row.token_ids)
        ]
    }

    static func decode<Value: Decodable>(_ path: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: SharedData.url(path)))
    }

    /// Every vector for the tokenizer called `name`.
    static func all(_ name: String) throws -> [Vector] {
        switch name {
        case "gpt-2":
            try llamaCPP(name) + transformersJS("Xenova/gpt2", beginning: nil)
                + swiftTransformers("gpt2_encoded_tokens.json", beginning: nil)
        case "llama-bpe":
            try llamaCPP(name) + transformersJS("Xenova/llama3-tokenizer", beginning: nil)
                + transformersJS("Xenova/llama3-tokenizer-new", beginning: 128_000)
                + swiftTransformers("llama_3.2_encoded.json", beginning: 128_000)
        case "llama-spm":
            try llamaCPP(name) + transformersJS("Xenova/llama-tokenizer", beginning: 1)
                + swiftTransformers("llama_encoded.json", beginning: 1)
        case "smollm2": try smolLM2()
        default: []
        }
    }
}
