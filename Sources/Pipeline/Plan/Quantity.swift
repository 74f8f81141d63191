internal import Foundation

/// Sizes and times as pipeline files, command lines and messages write them.
package enum Quantity {
    /// Reads `2GiB`, `512MiB`, `1.5G` or plain bytes; nil for anything else.
    package static func bytes(_ text: String) -> Int? {
        scaled(
            text,
            by: [
                "": 1, "b": 1, "k": 1024, "kib": 1024, "kb": 1e3, "m": 1_048_576, "mib": 1_048_576, "mb": 1e6,
                "g": 1_073_741_824, "gib": 1_073_741_824, "gb": 1e9, "t": 1_099_511_627_776,
                "tib": 1_099_511_627_776,
            ]
        ).flatMap { Int(exactly: $0.rounded()) }
    }

    /// Reads `30m`, `2h`, `90s` or plain seconds; nil for anything else, for no time at all and for more than 30 years.
    package static func duration(_ text: String) -> Duration? {
        guard let seconds = scaled(text, by: ["": 1, "s": 1, "m": 60, "h": 3600]), seconds > 0, seconds < 1e9 else {
            return nil
        }
        return .seconds(seconds)
    }

    private static func scaled(_ text: String, by factors: [String: Double]) -> Double? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let number = Double(digits), let factor = factors[unit] else { return nil }
        return number * factor
    }

    /// `30m`, `2h`, `90s`: in the largest unit that needs no fraction.
    static func text(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        for (unit, length) in [("h", 3600.0), ("m", 60)] where seconds.truncatingRemainder(dividingBy: length) == 0 {
            return "\(Int(seconds / length))\(unit)"
        }
        return seconds == seconds.rounded() ? "\(Int(seconds))s" : "\(seconds)s"
    }

    /// `1.5 GiB`, rounded away from what it is compared with, so that more never reads as the same.
    static func text(bytes: Int, _ rounding: FloatingPointRoundingRule) -> String {
        let units = [("GiB", 1_073_741_824.0), ("MiB", 1_048_576), ("KiB", 1024)]
        guard let (unit, size) = units.first(where: { Double(bytes) >= $0.1 }) else { return "\(bytes) bytes" }
        let tenths = (Double(bytes) / size * 10).rounded(rounding)
        let text = String(format: "%.1f", tenths / 10)
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + " \(unit)"
    }
}
