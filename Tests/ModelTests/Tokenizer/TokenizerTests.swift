import Foundation
import Model
import TestSupport
import Testing

@Suite("tokenizers")
struct TokenizerTests {
    @Test(
        "ids are those of the reference programs", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: ["gpt-2", "llama-bpe", "llama-spm", "smollm2"])
    func vectors(name: String) throws {
        if name == "smollm2", !SharedData.hasSmolLM2 { return }
        let tokenizer = try TokenizerVectors.tokenizer(name)
        let vectors = try TokenizerVectors.all(name)
        #expect(vectors.count > 40)
        for vector in vectors {
            #expect(tokenizer.encode(vector.text) == vector.ids, "\(vector.text)")
            #expect(tokenizer.decode(vector.ids) == vector.text.replacing("▁", with: name == "llama-spm" ? " " : "▁"))
        }
    }

    @Test(
        "an exported tokenizer gives the same ids, and its export the same bytes",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"),
        arguments: [
            "gpt-2", "llama-bpe", "llama-spm", "qwen2", "smollm2", "mistral", "stories260k", "stories260k-hf",
        ])
    func export(name: String) throws {
        if name == "smollm2", !SharedData.hasSmolLM2 { return }
        let tokenizer = try TokenizerVectors.tokenizer(name)
        let json = tokenizer.definition.tokenizerJSON()
        let settings = tokenizer.definition.tokenizerConfigurationJSON(chatTemplate: [])
        let copy = try TokenizerDefinition(
            huggingFace: .parse(json.encoded(.compact)), configuration: settings, name: "copy")
        #expect(copy == tokenizer.definition)
        #expect(copy.tokenizerJSON().encoded(.compact) == json.encoded(.compact))
        let again = try Tokenizer(copy)
        for vector in try TokenizerVectors.all(name) { #expect(again.encode(vector.text) == vector.ids) }
    }

    @Test(
        "stories260K: the same from GGUF and tokenizer.json",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"), arguments: ["stories260k", "stories260k-hf"])
    func stories(name: String) throws {
        struct Golden: Decodable { var texts: [TokenizerVectors.Vector] }
        let golden: Golden = try TokenizerVectors.decode("golden/stories260k/tokenisation.json")
        let tokenizer = try TokenizerVectors.tokenizer(name)
        for vector in golden.texts {
            #expect(tokenizer.encodeDocument(vector.text) == vector.ids, "\(vector.text)")
            #expect(tokenizer.decode(vector.ids, skippingSpecial: true) == vector.text)
        }
    }

    @Test(
        "the merges a SentencePiece vocabulary implies are those of the converted file",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func impliedMerges() throws {
        let implied = try TokenizerVectors.tokenizer("stories260k").definition.merges
        let listed = try TokenizerVectors.tokenizer("stories260k-hf").definition.merges
        // The order among the cuts of one piece is the converter's choice; pieces themselves are in the same order.
        #expect(Set(implied) == Set(listed))
        #expect(implied.map(\.result) == listed.map(\.result))

        // Mistral's own file: 58,980 merges, found again from the pieces, whose scores are minus their ids.
        let mistral = try TokenizerVectors.tokenizer("mistral").definition
        let scores = mistral.vocabulary.indices.map { -Float($0) }
        let found = SentencePieceMerges.merges(vocabulary: mistral.vocabulary, scores: scores) { $0 >= 259 }
        #expect(Set(found) == Set(mistral.merges))
        #expect(found.count == 58_980)
    }

    @Test(
        "Qwen2 joins what Unicode composes, and cuts numbers into digits",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func qwen2() throws {
        let tokenizer = try TokenizerVectors.tokenizer("qwen2")
        #expect(tokenizer.encode("cafe\u{301}") == tokenizer.encode("caf\u{E9}"))
        #expect(
            tokenizer.decode(tokenizer.encode("It's 1234, ½ past 九.\n\n  ok ")) == "It's 1234, ½ past 九.\n\n  ok ")
        #expect(tokenizer.encode("1234").count == 4)
    }

    @Test(
        "text never becomes a control token unless it is trusted",
        .enabled(if: SharedData.isPresent && SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func controlTokensAsText() throws {
        struct Golden: Decodable {
            struct Text: Decodable { var text: String; var ids: [Int32]; var ids_special_as_text: [Int32]? }
            struct Piece: Decodable { var ids: [Int32]; var bytes_hex: [String] }
            var texts: [Text]
            var pieces: [Piece]
            var special_tokens: [String: Int32]
        }
        let golden: Golden = try TokenizerVectors.decode("golden/smollm2/tokenisation.json")
        let tokenizer = try TokenizerVectors.tokenizer("smollm2")
        for text in golden.texts {
            #expect(tokenizer.encode(text.text, allowSpecial: true) == text.ids, "\(text.text)")
            #expect(tokenizer.encode(text.text) == text.ids_special_as_text ?? text.ids, "\(text.text)")
        }
        for piece in golden.pieces {
            let hex = piece.ids.map { id in
                tokenizer.bytes(of: id).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            #expect(hex == piece.bytes_hex)
        }
        #expect(Set(tokenizer.specialTokens.map(\.content)) == Set(golden.special_tokens.keys))
        for (content, id) in golden.special_tokens {
            #expect(tokenizer.id(of: content) == id)
            #expect(tokenizer.isSpecial(id))
        }
        #expect(tokenizer.beginning == 1)
        #expect(tokenizer.end == 2)
    }

    @Test("long words merge as short ones do, and in good time")
    func longWords() throws {
        let tokenizer = try Tokenizer(TokenizerDefinition.trained(on: "aaaa aaaa aaab abab abab", merges: 20))
        let long = String(repeating: "ab", count: 50_000)
        let ids = tokenizer.encode(long)
        #expect(tokenizer.decode(ids) == long)
        #expect(ids.count == 50_000)
        // The same pairs, whether searched (24 characters) or taken from the heap (26).
        #expect(
            tokenizer.encode(String(long.prefix(26))).prefix(6) == tokenizer.encode(String(long.prefix(24))).prefix(6)
        )
    }

    @Test(
        "a tokenizer trained on a text reads every text back",
        arguments: ["", "The cat sat on the mat.", "½ Ⅷ 🦙\n\n  é 九"])
    func trained(text: String) throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition.trained(on: "the cat sat on the mat, the cat sat", merges: 64))
        #expect(tokenizer.decode(tokenizer.encode(text)) == text)
        #expect(tokenizer.encode("the cat").count < 7)
        #expect(tokenizer.encode("<|im_end|>").contains(2) == false)
        #expect(tokenizer.encode("a<|im_end|>b", allowSpecial: true).contains(2))
        #expect(tokenizer.bytes(of: 100_000).isEmpty)
    }

    @Test(
        "a byte the vocabulary lacks is left out, and never becomes a control token",
        .enabled(if: SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func missingBytes() throws {
        let tokenizer = try TokenizerVectors.tokenizer("smollm2")
        #expect(tokenizer.encode("a\u{4}b") == tokenizer.encode("a") + tokenizer.encode("b"))
    }

    @Test("control tokens that are known to end a text or a turn do so, whichever of them a file names as the end")
    func endTokens() throws {
        var definition = TokenizerDefinition.trained(
            on: "", merges: 0, control: ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|mine|>"])
        #expect(definition.end == 2)
        #expect(try Tokenizer(definition).endTokens == [0, 2, 3])
        definition.end = 4
        definition.added[3].isControl = false
        #expect(try Tokenizer(definition).endTokens == [0, 2, 4])
    }

    @Test("every single byte has a token, whatever the text")
    func bytes() throws {
        let tokenizer = try Tokenizer(TokenizerDefinition.trained(on: "", merges: 0))
        #expect(tokenizer.count == 3 + 256)
        let edges: [UInt32] = [0, 0x7F, 0x80, 0x17F, 0x7FF, 0x800, 0xFFFD, 0x1F600, 0x10FFFF]
        for scalar in edges.compactMap({ Unicode.Scalar($0) }) {
            #expect(tokenizer.decode(tokenizer.encode(String(scalar))).unicodeScalars.elementsEqual([scalar]))
        }
    }

    @Test("a vocabulary with a hole, a merge of nothing known or an id outside is refused")
    func damaged() {
        func failure(_ text: String) -> String {
            do {
                _ = try Tokenizer(
                    TokenizerDefinition(huggingFace: .parse(Array(text.utf8)), configuration: nil, name: "t.json"))
                return "no error"
            } catch { return "\(error)" }
        }
        let tail = #""pre_tokenizer": {"type": "ByteLevel", "use_regex": true}"#
        #expect(failure(#"{"model": {"vocab": {"a": 0, "b": 2}, "merges": []}, \#(tail)}"#).contains("beyond a hole"))
        #expect(
            failure(#"{"model": {"vocab": {"a": 0, "b": 0}, "merges": []}, \#(tail)}"#).contains(
                "is both 'a' and 'b'"))
        #expect(failure(#"{"model": {"vocab": {"a": 0}, "merges": ["a b"]}, \#(tail)}"#).contains("the merge 'a b'"))
        #expect(
            failure(#"{"model": {"vocab": {"a": 0}, "merges": []}, \#(tail)}"#).contains("no token for the byte 32"))
        #expect(failure(#"{"model": {"type": "Unigram", "vocab": []}}"#).contains("'Unigram'"))
        #expect(failure(#"{"model": {"vocab": {"a": -1}, "merges": []}}"#).contains("has no id"))
        #expect(failure(#"[]"#).contains("is not a byte-pair tokenizer"))
    }
}
