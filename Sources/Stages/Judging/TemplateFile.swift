internal import Foundation

/// A template as its file holds it: the text, and before it perhaps a head between two lines `---`, which says how replies
/// are read. The head is not part of the text.
struct TemplateFile {
    /// A line of the head: `scale: 1 to 5`.
    struct Setting {
        let name: String
        let value: String
        fileprivate let file: String
        fileprivate let line: Substring

        func refusal(_ problem: String) -> StageError {
            .malformedTemplate(name: file, problem: "its head, '\(line)': \(problem)")
        }
    }

    /// In their order, each name once.
    let settings: [Setting]
    let text: String

    /// - Parameter name: what errors call it.
    /// - Throws: `StageError.malformedTemplate` for a head without end, or with a line twice.
    init(_ content: String, name: String) throws {
        let content = content.hasPrefix("\u{FEFF}") ? String(content.dropFirst()) : content
        // Lines may end as on Windows, and in spaces that nobody sees.
        let lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        func isFence(_ line: Substring) -> Bool { line.trimmingCharacters(in: .whitespaces) == "---" }
        guard let first = lines.first, isFence(first) else {
            settings = []
            text = content
            return
        }
        guard let end = lines.dropFirst().firstIndex(where: isFence) else {
            throw StageError.malformedTemplate(name: name, problem: "its head has no end; close it with a line '---'")
        }
        var settings: [Setting] = []
        for line in lines[1..<end] where !line.allSatisfy(\.isWhitespace) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let setting = Setting(
                name: String(parts[0]), value: parts.count == 2 ? String(parts[1]).collapsingWhitespace() : "",
                file: name, line: line)
            guard !settings.contains(where: { $0.name == setting.name }) else {
                throw setting.refusal("is there twice")
            }
            settings.append(setting)
        }
        self.settings = settings
        text = lines[(end + 1)...].joined(separator: "\n")
    }
}

extension TemplateFile.Setting {
    /// The value as one word of the letters a to z.
    func word() throws -> String {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard !value.isEmpty, value.utf8.allSatisfy({ letters.contains($0 | 0x20) }) else {
            throw refusal("must be one word of the letters a to z")
        }
        return value
    }

    /// The value as a number of lines.
    func lineCount() throws -> Int {
        guard let lines = Int(value), (0...ParameterLimit.count).contains(lines) else {
            throw refusal("must be a number from 0 on")
        }
        return lines
    }
}
