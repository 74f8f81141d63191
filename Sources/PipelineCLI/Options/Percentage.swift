internal import ArgumentParser

/// `5%` or `5`, as a share.
enum Percentage {
    static func share(_ text: String) throws -> Double {
        guard let percent = Double(text.hasSuffix("%") ? text.dropLast() : text[...]), percent > 0, percent <= 100
        else { throw ValidationError("'\(text)' is no share; write a percentage above 0, as in 5%") }
        return percent / 100
    }
}
