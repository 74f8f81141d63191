import Foundation
import Model
import TestSupport
import Testing

@Suite("chat templates")
struct ChatTemplateTests {
    private struct Golden: Decodable {
        struct Chat: Decodable {
            var messages: [ChatMessage]
            var rendered: String
            var ids: [Int32]
            var rendered_with_header: String
            var ids_with_header: [Int32]
            var ids_content_as_text: [Int32]?
        }
        var chat_template: String
        var chats: [Chat]
    }

    @Test(
        "SmolLM2's chats are rendered and tokenised as by the reference, contents always as text",
        .enabled(if: SharedData.isPresent && SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func smolLM2() throws {
        let golden: Golden = try TokenizerVectors.decode("golden/smollm2/tokenisation.json")
        let tokenizer = try TokenizerVectors.tokenizer("smollm2")
        let template = try ChatTemplate.recognise(golden.chat_template, beginning: "<|im_start|>", end: "<|im_end|>")
        #expect(template == .smolLM2)
        for chat in golden.chats {
            #expect(try template.render(chat.messages, addGenerationHeader: false) == chat.rendered)
            #expect(try template.render(chat.messages, addGenerationHeader: true) == chat.rendered_with_header)
            let ids = try template.encode(chat.messages, addGenerationHeader: false, tokenizer: tokenizer)
            let withHeader = try template.encode(chat.messages, addGenerationHeader: true, tokenizer: tokenizer)
            if let asText = chat.ids_content_as_text {
                // The golden ids are one of the two forms; the header is the same either way.
                #expect(asText == ids || asText == withHeader)
                #expect(ids != chat.ids)
            } else {
                #expect(ids == chat.ids)
                #expect(withHeader == chat.ids_with_header)
            }
        }
        #expect(try template.endOfTurnIDs(tokenizer) == [2])
        let reply = try template.encodeReply("Paris.", tokenizer: tokenizer)
        #expect(reply == tokenizer.encode("Paris.") + [2])
    }

    private let question = [
        ChatMessage(.system, "Be brief."), ChatMessage(.user, " Hi "), ChatMessage(.assistant, "Yo"),
        ChatMessage(.user, "Bye"),
    ]

    @Test("each family writes its own marks")
    func families() throws {
        #expect(
            try ChatTemplate.llama2.render(question, addGenerationHeader: true)
                == "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n Hi [/INST] Yo </s><s>[INST] Bye [/INST]")
        #expect(
            try ChatTemplate.mistral.render(question, addGenerationHeader: true)
                == "<s>[INST] Be brief.\n\n Hi  [/INST]Yo</s>[INST] Bye [/INST]")
        #expect(
            try ChatTemplate.llama3.render(question, addGenerationHeader: true)
                == "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\nYo<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n"
        )
        #expect(
            try ChatTemplate.zephyr.render(question, addGenerationHeader: true)
                == "<|system|>\nBe brief.</s>\n<|user|>\n Hi </s>\n"
                + "<|assistant|>\nYo</s>\n<|user|>\nBye</s>\n<|assistant|>\n"
        )
        #expect(
            try ChatTemplate.chatML.render([ChatMessage(.user, "Hi")], addGenerationHeader: false)
                == "<|im_start|>user\nHi<|im_end|>\n")
    }

    @Test("the Jinja text written for a template is recognised as it", arguments: ChatTemplate.known)
    func ownJinja(template: ChatTemplate) throws {
        #expect(try ChatTemplate.recognise(template.jinja, beginning: "<s>", end: "</s>") == template)
    }

    @Test("the families' published texts are recognised, others are refused")
    func recognition() throws {
        let zephyr = """
            {% for message in messages %}
            {% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}
            {% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}
            {% elif message['role'] == 'assistant' %}
            {{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}
            {% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}
            """
        #expect(try ChatTemplate.recognise(zephyr, beginning: "<s>", end: "</s>") == .zephyr)
        let qwen25 = #"""
            {%- if tools %}{{- '<|im_start|>system\n' }}
            {%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] }}{%- endif %}
            {%- else %}{{- '<|im_start|>system\nYou are Qwen. You\'re helpful.<|im_end|>\n' }}{%- endif %}
            """#
        #expect(
            try ChatTemplate.recognise(qwen25, beginning: nil, end: nil).defaultSystem
                == "You are Qwen. You're helpful.")
        for unknown in ["{{ messages }}", "<|user|>{{ x }}<|end|><|assistant|>", "<|im_start|> enable_thinking"] {
            #expect { try ChatTemplate.recognise(unknown, beginning: nil, end: nil) } throws: { error in
                guard case .unknownChatTemplate(_, let known)? = error as? ModelError else { return false }
                return known.contains("smollm2")
            }
        }
        #expect(throws: ModelError.self) { try ChatTemplate.named("claude") }
    }

    @Test("a reply that was cut off is encoded as a whole one without what closes it", arguments: [" Yo ", ""])
    func unfinishedReply(content: String) throws {
        let chatML = try Tokenizer(TokenizerDefinition.trained(on: "", merges: 0))
        let whole = try ChatTemplate.chatML.encodeReply(content, tokenizer: chatML)
        #expect(whole.last == chatML.id(of: "<|im_end|>"))
        #expect(ChatTemplate.chatML.encodeUnfinishedReply(content, tokenizer: chatML) == whole.dropLast())
        // This one writes a space on either side of a reply, the second of them behind its end.
        let llama2 = try Tokenizer(TokenizerDefinition.trained(on: "", merges: 0, control: ["<s>", "</s>"]))
        #expect(
            ChatTemplate.llama2.encodeUnfinishedReply(content, tokenizer: llama2)
                == llama2.encode(" " + content.trimmingCharacters(in: .whitespaces)))
    }

    @Test("turns in the wrong order are refused by templates that alternate")
    func order() {
        #expect {
            try ChatTemplate.mistral.render(
                [ChatMessage(.user, "a"), ChatMessage(.user, "b")], addGenerationHeader: true)
        } throws: {
            "\($0)"
                == "conversation: the template 'mistral' wants a turn of the assistant where message 2 is of the user"
        }
    }

    @Test("a template of one's own survives export and import, weights and tokenizer with it")
    func ownTemplate() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pretrained-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokenizer = try Tokenizer(TokenizerDefinition.trained(on: "a question, an answer", merges: 8))
        var template = ChatTemplate.chatML
        template.name = "mine"
        template.user.prefix = "<|im_start|>human\n"
        let model = try LanguageModel.random(configuration: .tiny(vocabularySize: tokenizer.count), seed: 5)
        let original = PretrainedModel(model: model, tokenizer: tokenizer, chatTemplate: template)
        try original.writeHuggingFace(to: folder)
        let copy = try PretrainedModel(huggingFace: folder)
        #expect(copy.chatTemplate == template)
        #expect(copy.tokenizer.definition == tokenizer.definition)
        #expect(copy.descriptionFiles() == original.descriptionFiles())
        #expect(copy.model.parameters.values == model.parameters.values)
    }

    @Test(
        "the demo model exports as a Hugging Face folder that reads back the same",
        .enabled(if: SharedData.isPresent && SharedData.hasSmolLM2, "\(SharedData.modelAbsence)"))
    func demoModel() throws {
        let model = try PretrainedModel(gguf: #require(SharedData.smolLM2))
        #expect(model.chatTemplate == .smolLM2)
        let files = model.descriptionFiles()
        #expect(files.map(\.name) == ["config.json", "tokenizer.json", "tokenizer_config.json"])
        let configuration = try JSONNode.parse(files[0].bytes)
        #expect(try ModelConfiguration(huggingFace: configuration, name: "config.json") == model.model.configuration)
        #expect(configuration["bos_token_id"] == .integer(1))
        #expect(configuration["rms_norm_eps"] == .number(1e-5))
    }
}
