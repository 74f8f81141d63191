/// A piece of a page, in the syntax that HTML and XML share. What is interpolated into one as text is escaped, so that
/// nothing that a model wrote can become markup.
package struct Markup: ExpressibleByStringInterpolation, Sendable, Equatable {
    package private(set) var source: String

    package init(stringLiteral value: String) { source = value }

    package init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    /// `pieces`, one after the other.
    package init(_ pieces: some Sequence<Markup>) { source = pieces.map(\.source).joined() }

    package static func += (whole: inout Markup, piece: Markup) { whole.source += piece.source }

    package var isEmpty: Bool { source.isEmpty }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        package init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(literalCapacity) }

        package mutating func appendLiteral(_ literal: String) { source += literal }

        package mutating func appendInterpolation(_ text: String) { source += Markup.escaped(text) }

        package mutating func appendInterpolation(_ piece: Markup) { source += piece.source }

        package mutating func appendInterpolation(_ pieces: [Markup]) {
            for piece in pieces { source += piece.source }
        }

        package mutating func appendInterpolation(_ number: Int) { source += String(number) }

        /// A coordinate, to a hundredth.
        package mutating func appendInterpolation(_ coordinate: Double) { source += Numerals.coordinate(coordinate) }
    }

    /// `text` with what has a meaning in markup written as a reference, and what can change how the rest of the page
    /// looks (control characters, marks that turn the direction of writing, invisible tags) as U+FFFD.
    package static func escaped(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": scalars.append(contentsOf: "&amp;".unicodeScalars)
            case "<": scalars.append(contentsOf: "&lt;".unicodeScalars)
            case ">": scalars.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": scalars.append(contentsOf: "&quot;".unicodeScalars)
            case "'": scalars.append(contentsOf: "&#39;".unicodeScalars)
            default: scalars.append(DisplayText.isHarmful(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(scalars)
    }
}
