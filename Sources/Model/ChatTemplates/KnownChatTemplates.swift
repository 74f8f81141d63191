extension ChatTemplate {
    /// The templates that can be named, in order of name.
    public static let known: [ChatTemplate] = [chatML, llama2, llama3, mistral, qwen2, smolLM2, zephyr]

    /// The template called `name`.
    ///
    /// - Throws: `ModelError.unknownChatTemplate` with the names there are.
    public static func named(_ name: String) throws(ModelError) -> ChatTemplate {
        guard let template = known.first(where: { $0.name == name }) else { throw unknown(name) }
        return template
    }

    static func unknown(_ excerpt: String) -> ModelError {
        .unknownChatTemplate(excerpt: excerpt, known: known.map(\.name))
    }

    /// ChatML without a system text of its own.
    public static let chatML = chatML(name: "chatml", defaultSystem: nil)

    /// ChatML as SmolLM2-Instruct was trained on it.
    public static let smolLM2 = chatML(
        name: "smollm2", defaultSystem: "You are a helpful AI assistant named SmolLM, trained by Hugging Face")

    /// ChatML as Qwen2-Instruct was trained on it.
    public static let qwen2 = chatML(name: "qwen2", defaultSystem: "You are a helpful assistant")

    static func chatML(name: String, defaultSystem: String?) -> ChatTemplate {
        func turn(_ role: String) -> Turn { Turn(prefix: "<|im_start|>\(role)\n", suffix: "<|im_end|>\n") }
        return ChatTemplate(
            name: name, system: turn("system"), user: turn("user"), assistant: turn("assistant"),
            defaultSystem: defaultSystem, generationHeader: "<|im_start|>assistant\n", endOfTurn: ["<|im_end|>"])
    }

    /// Llama 2 Chat: each exchange between `<s>` and `</s>`, the system text inside the first.
    public static let llama2 = llama2(beginning: "<s>", end: "</s>")

    static func llama2(beginning: String, end: String) -> ChatTemplate {
        ChatTemplate(
            name: "llama2", system: Turn(prefix: "<<SYS>>\n", suffix: "\n<</SYS>>\n\n"),
            user: Turn(prefix: "\(beginning)[INST] ", suffix: " [/INST]"),
            assistant: Turn(prefix: " ", suffix: " \(end)"), systemPlacement: .firstUserTurn, generationHeader: "",
            endOfTurn: [end], trimsContent: true, alternates: true)
    }

    /// Llama 3 Instruct.
    public static let llama3: ChatTemplate = {
        func turn(_ role: String) -> Turn {
            Turn(prefix: "<|start_header_id|>\(role)<|end_header_id|>\n\n", suffix: "<|eot_id|>")
        }
        return ChatTemplate(
            name: "llama3", beginning: "<|begin_of_text|>", system: turn("system"), user: turn("user"),
            assistant: turn("assistant"), generationHeader: turn("assistant").prefix,
            endOfTurn: ["<|eot_id|>", "<|end_of_text|>"], trimsContent: true)
    }()

    /// Mistral Instruct 0.1 and 0.2; a system text stands before the first user's, with an empty line between.
    public static let mistral = mistral(beginning: "<s>", end: "</s>")

    static func mistral(beginning: String, end: String) -> ChatTemplate {
        ChatTemplate(
            name: "mistral", beginning: beginning, system: Turn(prefix: "", suffix: "\n\n"),
            user: Turn(prefix: "[INST] ", suffix: " [/INST]"), assistant: Turn(prefix: "", suffix: end),
            systemPlacement: .firstUserTurn, generationHeader: "", endOfTurn: [end], alternates: true)
    }

    /// Zephyr; its role marks are ordinary text.
    public static let zephyr = zephyr(end: "</s>")

    static func zephyr(end: String) -> ChatTemplate {
        func turn(_ role: String) -> Turn { Turn(prefix: "<|\(role)|>\n", suffix: "\(end)\n") }
        return ChatTemplate(
            name: "zephyr", system: turn("system"), user: turn("user"), assistant: turn("assistant"),
            generationHeader: "<|assistant|>\n", endOfTurn: [end])
    }
}
