extension ChatTemplate {
    /// The template as Jinja text, for a `tokenizer_config.json` that other programs read.
    public var jinja: String {
        var text = ""
        func emit(_ expression: String) { text += "{{ \(expression) }}" }
        let trim = trimsContent ? " | trim" : ""
        func content(_ expression: String) -> String { trimsContent ? "(\(expression)\(trim))" : expression }
        func turn(_ turn: Turn, _ expression: String) -> String {
            [
                turn.prefix.isEmpty ? nil : Self.literal(turn.prefix), expression,
                turn.suffix.isEmpty ? nil : Self.literal(turn.suffix),
            ]
            .compactMap(\.self).joined(separator: " + ")
        }
        let message = "message['content']"
        if !beginning.isEmpty { emit(Self.literal(beginning)) }
        switch systemPlacement {
        case .ownTurn:
            if let defaultSystem {
                text += "{% if messages[0]['role'] != 'system' %}"
                emit(Self.literal(system.prefix + defaultSystem + system.suffix))
                text += "{% endif %}"
            }
            text += "{% for message in messages %}{% if message['role'] == 'system' %}"
            emit(turn(system, content(message)))
            text += "{% elif message['role'] == 'user' %}"
            emit(turn(user, content(message)))
        case .firstUserTurn:
            let absent = defaultSystem.map { Self.literal(system.prefix + $0 + system.suffix) } ?? "''"
            text += "{% if messages[0]['role'] == 'system' %}{% set turns = messages[1:] %}"
            text += "{% set instructions = \(turn(system, "messages[0]['content']")) %}"
            text += "{% else %}{% set turns = messages %}{% set instructions = \(absent) %}{% endif %}"
            text += "{% for message in turns %}{% if message['role'] == 'user' and loop.first %}"
            emit(turn(user, content("(instructions + \(message))")))
            text += "{% elif message['role'] == 'user' %}"
            emit(turn(user, content(message)))
        }
        text += "{% else %}"
        emit(turn(assistant, content(message)))
        text += "{% endif %}{% endfor %}"
        if !generationHeader.isEmpty {
            text += "{% if add_generation_prompt %}"
            emit(Self.literal(generationHeader))
            text += "{% endif %}"
        }
        return text
    }

    private static func literal(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("'", with: "\\'").replacing("\n", with: "\\n")
        return "'\(escaped)'"
    }
}
