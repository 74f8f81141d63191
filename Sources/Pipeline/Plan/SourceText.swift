internal import Foundation

/// The text of a pipeline file with its lines, which error messages quote.
struct SourceText: Sendable {
    /// A pipeline file is written by hand; anything longer is some other file.
    static let maximumBytes = 1 << 20

    /// The file as the user would name it.
    let file: String
    let text: String
    private let lines: [String]

    init(file: String, text: String) {
        self.file = file
        self.text = text
        lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    }

    /// Reads the file at `path`, which error messages name `file`.
    static func read(path: String, file: String, from location: SourceLocation?) throws -> SourceText {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw PipelineError.unreadableFile(file, reason: FileReason.text(path: path), from: location)
        }
        guard data.count <= maximumBytes else {
            throw PipelineError.fileTooLarge(file, bytes: data.count, limit: maximumBytes)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw PipelineError.notUTF8(file: file, line: lineOfInvalidUTF8(in: data))
        }
        return SourceText(file: file, text: text)
    }

    /// The place at `line` and `column`, both counted from 1.
    func location(line: Int, column: Int, length: Int = 1) -> SourceLocation {
        let text = lines.indices.contains(line - 1) ? lines[line - 1] : ""
        return SourceLocation(file: file, line: line, column: column, text: text, length: length)
    }

    /// Where the key `key` stands again after its first place, as the next of the same column or on the same line.
    func locationOfRepeatedKey(_ key: String, firstLine: Int, column: Int) -> SourceLocation {
        for line in (firstLine + 1)..<max(firstLine + 1, lines.count + 1) {
            let text = lines[line - 1]
            let indent = text.prefix { $0 == " " }.count
            let rest = text.dropFirst(indent)
            if rest.isEmpty || rest.hasPrefix("#") || indent > column - 1 { continue }
            if indent < column - 1 { break }
            if rest.hasPrefix(key), rest.dropFirst(key.count).drop(while: { $0 == " " }).hasPrefix(":") {
                return location(line: line, column: column, length: key.count)
            }
        }
        // Keys in braces stand on one line.
        let line = lines.indices.contains(firstLine - 1) ? lines[firstLine - 1] : ""
        let tail = line.dropFirst(column - 1 + key.count)
        if let again = tail.firstRange(of: "\(key):") {
            let column = line.distance(from: line.startIndex, to: again.lowerBound) + 1
            return location(line: firstLine, column: column, length: key.count)
        }
        return location(line: firstLine, column: column, length: key.count)
    }

    private static func lineOfInvalidUTF8(in data: Data) -> Int {
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
        return (bad ?? 0) + 1
    }
}

/// Why a file cannot be read, in words for the user.
enum FileReason {
    static func text(path: String) -> String {
        switch FileKind(path: path) {
        case nil: "no such file"
        case .folder: "it is a folder"
        case .other: "it is neither a file nor a folder"
        case .file: "permission denied, or a failing disk"
        }
    }
}
