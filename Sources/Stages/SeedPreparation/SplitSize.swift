/// How many trees go into a part of the seed data: a count, a share of the trees that qualify, or all that are left.
///
/// Written `120`, `15%` or `rest`.
public enum SplitSize: Codable, Equatable, Sendable {
    case count(Int)
    case percent(Double)
    case rest

    public init?(_ text: String) {
        if text == "rest" {
            self = .rest
        } else if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
            self = .percent(percent)
        } else if let count = Int(text), count >= 0 {
            self = .count(count)
        } else {
            return nil
        }
    }

    public var text: String {
        switch self {
        case .count(let count): String(count)
        case .percent(let percent): percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%"
        case .rest: "rest"
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let size = SplitSize(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no size; write a count (120), a share (15%) or 'rest'")
        }
        self = size
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// How many trees to take.
    /// - Parameters:
    ///   - eligible: all trees that qualify for the part, taken by another or not.
    ///   - available: those still free.
    /// - Returns: nil if more are asked for than are free.
    package func resolved(eligible: Int, available: Int) -> Int? {
        let wanted =
            switch self {
            case .count(let count): count
            case .percent(let percent): Int(percent * Double(eligible) / 100)
            case .rest: available
            }
        return wanted <= available ? wanted : nil
    }
}
