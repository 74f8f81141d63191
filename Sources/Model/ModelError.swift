/// What can go wrong with weights, tokenizers, templates and training data: always something from outside.
///
/// Each case says where, what and what to do. A caller's own mistake (a wrong shape) traps instead.
public enum ModelError: Error, Equatable {
    case configuration(field: String, problem: String)
    /// A weight, tokenizer or configuration file that cannot be used.
    case file(name: String, problem: String, remedy: String? = nil)
    case tokenOutOfRange(token: Int, vocabularySize: Int, place: String)
    case contextTooLong(tokens: Int, limit: Int, place: String)
    case unknownChatTemplate(excerpt: String, known: [String])
    /// Messages that a chat template cannot write.
    case conversation(problem: String)
    case notFinite(place: String)
    /// A training or scoring example that cannot be used, or none at all.
    case example(place: String, problem: String)
    /// A saved training state that does not belong to this run, or is damaged.
    case trainingState(problem: String)
    case cancelled
}

extension ModelError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration(let field, let problem):
            "model configuration: '\(field)' \(problem)"
        case .file(let name, let problem, let remedy):
            "file '\(name)': \(problem)" + (remedy.map { "; \($0)" } ?? "")
        case .tokenOutOfRange(let token, let size, let place):
            "\(place): token \(token) is outside the vocabulary of \(size)"
        case .contextTooLong(let tokens, let limit, let place):
            "\(place): \(tokens) tokens do not fit the model's context of \(limit)"
        case .unknownChatTemplate(let excerpt, let known):
            "unknown chat template '\(excerpt)'; name one of \(known.joined(separator: ", ")) or write one"
        case .conversation(let problem):
            "conversation: \(problem)"
        case .notFinite(let place):
            "\(place): a value is not finite; lower the learning rate or check the input weights"
        case .example(let place, let problem):
            "\(place): \(problem)"
        case .trainingState(let problem):
            "saved training state: \(problem); delete it to train from the start"
        case .cancelled:
            "cancelled"
        }
    }
}
