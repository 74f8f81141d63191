internal import Foundation

/// Numbers as a page shows them. What is no number is shown as a dash.
package enum Numerals {
    package static let absent = "–"

    /// About three digits that count: `0.533`, `−12.4`, `3,200`, `2.3·10⁻⁶`.
    package static func value(_ value: Double?) -> String {
        guard let value, value.isFinite else { return absent }
        let size = abs(value)
        if size != 0, size < 0.0005 || size >= 1e15 { return scientific(value, digits: 1) }
        switch size {
        case ..<9.9995: return fixed(value, digits: 3)
        case ..<99.995: return fixed(value, digits: 2)
        case ..<999.95: return fixed(value, digits: 1)
        default: return grouped(Int64(value.rounded()))
        }
    }

    /// `[0.333, 0.667]`, or nothing where there is no interval.
    package static func interval(_ lower: Double?, _ upper: Double?) -> String {
        guard let lower, let upper, lower.isFinite, upper.isFinite else { return "" }
        // An end that is next to nothing beside the other is what rounding left of a sum.
        let noise = max(abs(lower), abs(upper)) * MeasuredChange.rounding
        let ends = [lower, upper].map { value(abs($0) <= noise ? 0 : $0) }
        return "[\(ends[0]), \(ends[1])]"
    }

    /// `3,200`.
    package static func count(_ number: Int) -> String { grouped(Int64(number)) }

    /// `24 %`, `0.3 %`; a dash for a share of nothing.
    package static func percent(_ part: Double, of whole: Double) -> String {
        guard whole > 0, (part / whole).isFinite else { return absent }
        let share = 100 * part / whole
        if share > 99.95, share < 100 { return "> 99.9\u{202F}%" }
        if share > 0, share < 0.05 { return "< 0.1\u{202F}%" }
        let isSmall = share > 0 && share < 0.95 || share > 99.05 && share < 100
        return fixed(share, digits: isSmall ? 1 : 0) + "\u{202F}%"
    }

    /// With a sign in front, also of what is not negative.
    package static func signed(_ value: Double?) -> String {
        guard let value, value.isFinite else { return absent }
        return (value > 0 ? "+" : "") + self.value(value)
    }

    /// A place on an axis whose marks are `step` apart, with as many digits as tell them apart.
    package static func tick(_ value: Double, step: Double) -> String {
        let size = max(abs(value), step)
        if value == 0 { return "0" }
        if size < 0.001 || size >= 1e6 { return scientific(value, digits: step < size * 0.095 ? 1 : 0) }
        let digits = max(0, -Int((log10(step) + 1e-9).rounded(.down)))
        return digits == 0 ? grouped(Int64(value.rounded())) : fixed(value, digits: digits)
    }

    static func coordinate(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        return "\(sign)\(whole)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
    }

    private static func fixed(_ value: Double, digits: Int) -> String {
        let text = Quantities.fixed(value, digits: digits)
        // A small negative number that rounds to nothing has no sign.
        let isZero = !text.contains { ("1"..."9").contains($0) }
        return isZero ? text.replacing("-", with: "") : text.replacing("-", with: "−")
    }

    private static func grouped(_ number: Int64) -> String {
        var digits = String(number.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (number < 0 ? "−" : "") + ([digits] + groups).joined(separator: ",")
    }

    private static func scientific(_ value: Double, digits: Int) -> String {
        let parts = String(format: "%.\(digits)e", value).split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return absent }
        let raised = String(exponent).map { raisedDigits[$0] ?? String($0) }.joined()
        return parts[0].replacing("-", with: "−") + "·10" + raised
    }

    private static let raisedDigits: [Character: String] = [
        "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷", "8": "⁸", "9": "⁹",
    ]
}
