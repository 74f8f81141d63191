import Foundation
import Model
import TestSupport
import Testing

@Suite("Generation against transformers")
struct GenerationGoldenTests {
    struct Greedy: Decodable {
        struct Prompt: Decodable {
            var prompt_ids: [Int32]
            var output_ids: [Int32]
            var text: String?
        }
        var max_new_tokens: Int
        var stop_id: Int32?
        var prompts: [Prompt]
    }

    struct Forward: Decodable {
        struct Prompt: Decodable {
            var ids: [Int32]
            var last_logsumexp: Double
            var last_top20_ids: [Int32]
            var last_top20_logits: [Double]
        }
        var prompts: [Prompt]
    }

    static func golden<Content: Decodable>(_ path: String, as type: Content.Type) throws -> Content {
        try JSONDecoder().decode(type, from: Data(contentsOf: SharedData.url("golden/" + path)))
    }

    static func engine(_ pretrained: PretrainedModel) throws -> GenerationEngine {
        try GenerationEngine(
            model: pretrained.model, decoder: PlainTextDecoding(pretrained.tokenizer), pool: WorkerPool(threads: 2))
    }

    static func compareGreedy(_ engine: GenerationEngine, _ golden: Greedy) throws {
        let stops = Set([golden.stop_id].compactMap { $0 })
        let results = try engine.generate(
            golden.prompts.map {
                GenerationRequest(
                    prompt: $0.prompt_ids, maximumNewTokens: golden.max_new_tokens, stopTokens: stops,
                    sampling: .greedy)
            })
        for (result, prompt) in zip(results, golden.prompts) {
            #expect(result.tokens == prompt.output_ids)
            // Where nothing stops the text, golden's is the prompt's.
            if let text = prompt.text, golden.stop_id != nil { #expect(result.text == text) }
        }
    }

    @Test("stories260K continues greedily as golden", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func stories() throws {
        let pretrained = try PretrainedModel(huggingFace: SharedData.url("golden/stories260k/model"))
        try Self.compareGreedy(
            Self.engine(pretrained), Self.golden("stories260k/greedy.json", as: Greedy.self))
    }

    @Test(
        "stories260K's logits are those of its C program and PyTorch, from GGUF and from its folder",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: [true, false])
    func storiesLogits(isGGUF: Bool) throws {
        struct Logits: Decodable {
            struct Text: Decodable {
                var text: String
                var ids: [Int32]
                var offset: Int
                var shape: [Int]
            }
            var texts: [Text]
        }
        let pretrained =
            isGGUF
            ? try PretrainedModel(gguf: SharedData.url("golden/stories260k/stories260k-f32.gguf"))
            : try PretrainedModel(huggingFace: SharedData.url("golden/stories260k/model"))
        let engine = try Self.engine(pretrained)
        let values = try GoldenModel.floats("stories260k/logits.f32").map(Double.init)
        for text in try Self.golden("stories260k/logits.json", as: Logits.self).texts {
            #expect(pretrained.tokenizer.encodeDocument(text.text) == text.ids)
            let vocabulary = text.shape[1]
            let found = try engine.nextTokenLogProbabilities(
                after: text.ids.indices.map { Array(text.ids[...$0]) }, of: (0..<Int32(vocabulary)).map { $0 })
            for (position, row) in found.enumerated() {
                let start = text.offset / 4 + position * vocabulary
                let logits = values[start..<(start + vocabulary)]
                let largest = logits.max() ?? 0
                let total = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
                // Golden's tolerance for a logit, twice: a log-probability is a difference of two.
                #expect(
                    zip(row, logits).allSatisfy { abs(Double($0) - ($1 - total)) < 2e-4 }, "\(text.text), \(position)"
                )
            }
        }
    }

    @Test(
        "SmolLM2 continues greedily as golden, and its next-token logits agree",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        .enabled(if: SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func smolLM2() throws {
        let engine = try Self.engine(PretrainedModel(gguf: #require(SharedData.smolLM2)))
        try Self.compareGreedy(engine, Self.golden("smollm2/greedy.json", as: Greedy.self))
        for prompt in try Self.golden("smollm2/forward.json", as: Forward.self).prompts {
            let values = try engine.nextTokenLogProbabilities(after: [prompt.ids], of: prompt.last_top20_ids)[0]
            for (value, logit) in zip(values, prompt.last_top20_logits) {
                #expect(abs(Double(value) - (logit - prompt.last_logsumexp)) < 3e-4)
            }
        }
    }

    @Test(
        "SmolLM2 samples the same bits alone, together, and on one thread or two",
        .enabled(if: SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func smolLM2Invariance() throws {
        let pretrained = try PretrainedModel(gguf: #require(SharedData.smolLM2))
        let questions = ["What is rain?", "Name three colours.", "Why do cats purr?"]
        let requests = questions.enumerated().flatMap { index, question in
            let prompt = pretrained.tokenizer.encode(
                "<|im_start|>user\n\(question)<|im_end|>\n<|im_start|>assistant\n", allowSpecial: true)
            return (0..<2).map {
                GenerationRequest(
                    prompt: prompt, maximumNewTokens: 20, stopTokens: [2], randomKey: UInt64(index * 10 + $0))
            }
        }
        let together = try Self.engine(pretrained).generate(requests)
        let other = try GenerationEngine(
            model: pretrained.model, decoder: PlainTextDecoding(pretrained.tokenizer), pool: WorkerPool(threads: 1),
            options: GenerationOptions(slots: 2, prefillTokens: 9))
        #expect(try other.generate(requests.reversed()).reversed() == together)
        #expect(try other.generate([requests[3]]) == [together[3]])
    }
}
