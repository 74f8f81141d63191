internal import Foundation

/// Numbers as people read them.
package enum Quantities {
    /// `0.4s`, `12.3s`, `12m03s`, `2h05m`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds >= 0, seconds < 1e12 else { return "–" }
        if seconds < 59.95 { return fixed(seconds, digits: 1) + "s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return "\(whole / 60)m\(twoDigits(whole % 60))s" }
        return "\(whole / 3600)h\(twoDigits(whole % 3600 / 60))m"
    }

    /// `812 B`, `1.4 kB`, `135.2 MB`, powers of 1000 as disks count.
    package static func bytes(_ count: Int) -> String {
        var value = Double(count)
        for unit in ["B", "kB", "MB", "GB"] {
            if value < 999.95 { return unit == "B" ? "\(count) B" : "\(fixed(value, digits: 1)) \(unit)" }
            value /= 1000
        }
        return "\(fixed(value, digits: 1)) TB"
    }

    /// `0.25/s`, `3.1/s`, `412/s`.
    package static func rate(_ perSecond: Double) -> String {
        let digits = perSecond < 1 ? 2 : perSecond < 100 ? 1 : 0
        return fixed(perSecond, digits: digits) + "/s"
    }

    /// `value` with exactly so many digits behind the point.
    package static func fixed(_ value: Double, digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }

    /// About `digits` digits that count, without a tail of zeros: `0.6931`, `12.5`, `1e-06`.
    package static func significant(_ value: Double, digits: Int = 4) -> String {
        String(format: "%.\(digits)g", value)
    }

    /// `1 stage`, `3 stages`.
    package static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
