/// What the word patterns distinguish: letters (`\p{L}`), numbers (`\p{N}`), white space (`\s`), line breaks, the
/// rest.
enum CharacterClass: UInt8, Sendable {
    case letter, number, space
    /// Carriage return or line feed; also white space.
    case lineBreak
    case other

    var isSpace: Bool { self == .space || self == .lineBreak }

    private static let ascii: [CharacterClass] = (0..<128).map { classify(Unicode.Scalar(UInt8($0))) }

    @inline(__always)
    init(_ scalar: Unicode.Scalar) {
        self = scalar.value < 128 ? Self.ascii[Int(scalar.value)] : Self.classify(scalar)
    }

    private static func classify(_ scalar: Unicode.Scalar) -> CharacterClass {
        if scalar == "\n" || scalar == "\r" { return .lineBreak }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return scalar.properties.isWhitespace ? .space : .other
        }
    }
}
