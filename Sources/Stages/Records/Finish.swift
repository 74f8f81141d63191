internal import Model

/// Why the generation of a text ended. The raw values are stored in rows.
public enum Finish: String, Codable, Sendable {
    /// The model ended it, or a stop string did.
    case stop
    /// It was cut off at the limit of tokens, or where the model's context was full.
    case length
    /// Nothing was generated: the prompt leaves the model's context no room.
    case doesNotFit = "does-not-fit"

    init(_ finish: GenerationResult.Finish) {
        switch finish {
        case .stopToken, .stopString: self = .stop
        case .length, .contextFull: self = .length
        case .promptTooLong: self = .doesNotFit
        }
    }
}
