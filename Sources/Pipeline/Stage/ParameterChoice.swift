/// A parameter with a few values, each with a name. Any other is refused with the name it may have meant.
public protocol ParameterChoice: RawRepresentable<String>, CaseIterable, Codable, Sendable {}

extension ParameterChoice {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let choice = Self(rawValue: name) else {
            let hint = NameHint(for: name, among: Self.allCases.map(\.rawValue))
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(name)' is none of its values; \(hint.text)")
        }
        self = choice
    }
}
