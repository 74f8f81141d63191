extension ChatTemplate {
    /// The template that a file's Jinja text describes.
    ///
    /// Told by the marks that each family writes; the default system text and the details in which versions differ
    /// are read off. A text with a feature that a `ChatTemplate` cannot hold is unknown.
    /// - Parameters:
    ///   - beginning: the text of the tokenizer's beginning token, which Jinja calls `bos_token`.
    ///   - end: likewise `eos_token`.
    /// - Throws: `ModelError.unknownChatTemplate` with the start of the text.
    public static func recognise(_ jinja: String, beginning: String?, end: String?) throws(ModelError) -> ChatTemplate
    {
        func holds(_ text: String) -> Bool { jinja.contains(text) }
        let unsupported = [
            "enable_thinking", "<think>", "Cutting Knowledge Date", "<|end|>", "<|channel|>", "strftime_now",
        ]
        if let feature = unsupported.first(where: holds) { throw unknown("\(jinja.prefix(60))… (with '\(feature)')") }
        if holds("<|im_start|>") {
            // A default kept in a variable cannot be told from one that is only sometimes used.
            if holds("set system_message") { throw unknown("\(jinja.prefix(60))…") }
            let text = defaultSystem(jinja, prefix: "<|im_start|>system", suffix: "<|im_end|>")
            return known.first { $0.user == chatML.user && $0.defaultSystem == text }
                ?? chatML(name: "chatml", defaultSystem: text)
        }
        if holds("<|start_header_id|>") { return llama3 }
        if holds("[INST]") {
            if holds("<<SYS>>") { return llama2(beginning: beginning ?? "<s>", end: end ?? "</s>") }
            if holds("[AVAILABLE_TOOLS]") || holds("'[INST]'") || holds("\"[INST]\"") {
                throw unknown("\(jinja.prefix(60))…")
            }
            var template = mistral(beginning: beginning ?? "<s>", end: end ?? "</s>")
            if holds("+ eos_token + ' '") { template.assistant.suffix += " " }
            if holds("' ' + message['content'] + eos_token") || holds("' ' + message[\"content\"] + eos_token") {
                template.assistant.prefix = " "
            }
            if holds("' [INST] '") { template.user.prefix = " [INST] " }
            return template
        }
        if holds("<|user|>"), holds("<|assistant|>"), holds("eos_token") || holds("</s>") {
            return zephyr(end: end ?? "</s>")
        }
        throw unknown("\(jinja.prefix(60))…")
    }

    /// The literal text between `prefix`, a line break, and `suffix`, in a Jinja template.
    private static func defaultSystem(_ jinja: String, prefix: String, suffix: String) -> String? {
        var rest = jinja[...]
        while let start = rest.firstRange(of: prefix) {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: suffix) else { return nil }
            let literal = rest[..<end.lowerBound]
            // Anything but plain text between them is a variable spliced in.
            if literal.contains("{{") || literal.contains("{%") || literal.contains("' +") || literal.contains("\" +")
            {
                continue
            }
            let text = literal.replacing("\\n", with: "\n").replacing("\\'", with: "'").replacing("\\\"", with: "\"")
            guard text.first == "\n" else { continue }
            return String(text.dropFirst())
        }
        return nil
    }
}
