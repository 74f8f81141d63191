/// Everything that can go wrong with artifacts, and what the user reads about it.
public enum ArtifactError: Error, Equatable, Sendable {
    // Canonical JSON
    /// Bytes that are not strict JSON; `offset` counts bytes from the first one.
    case malformedJSON(JSONProblem, offset: Int)
    /// A Swift value that canonical JSON has no text for, at the property `path`.
    case notRepresentable(path: String, reason: String)
    /// JSON that does not fit the Swift type it is read as, at `path`.
    case wrongShape(path: String, reason: String)

    // Artifacts
    /// The row `row`, counted from 1, of the artifact file `file`.
    indirect case badRow(row: Int, file: String, cause: ArtifactError)
    case rowTooLong(bytes: Int, limit: Int)
    case schemaMismatch(digest: ContentDigest, stored: String, asked: String)
    case malformedSchema(String)
    case rowRangeOutside(range: Range<Int>, rows: Int, file: String)
    case damagedFile(path: String, reason: String)
    case digestMismatch(path: String, expected: ContentDigest, found: ContentDigest)
    case missingObject(path: String)
    case wrongSize(path: String, expected: Int, found: Int)
    case sourceDigestMismatch(path: String, expected: ContentDigest, found: ContentDigest)
    case writerClosed(path: String)
    /// A condition on rows that cannot be read; `column` counts characters from 0.
    case malformedCondition(String, column: Int, problem: ConditionProblem)

    // Store
    case storeMissing(path: String)
    case foreignIndex(path: String, reason: String)
    case newerIndex(path: String, version: Int, supported: Int)
    case newerRecord(path: String, schema: String)
    case index(path: String, reason: String)
    /// Damage that SQLite finds in its own file.
    case damagedIndex(path: String, reason: String)
    /// It is to be made anew, and others run on the store.
    case damagedIndexInUse(path: String)
    case storeBusy(path: String)
    case claimMismatch(key: ContentDigest, claimed: ContentDigest)
    case claimReleased(key: ContentDigest)
    case invalidName(String, what: String)

    // System
    /// A system call that failed; `code` is its `errno`.
    case system(operation: String, path: String, code: Int32)
    case compression(operation: String, path: String, reason: String)
}

/// What a reader of conditions can object to.
public enum ConditionProblem: Error, Equatable, Sendable {
    case unexpectedCharacter(Character)
    case unclosedText
    case malformedNumber(String)
    /// `found` is nil at the end.
    case wanted(String, found: String?)
    case tooDeep(limit: Int)
}

/// What a strict JSON reader can object to.
public enum JSONProblem: Error, Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8, wanted: String)
    case trailingBytes
    case invalidUTF8
    case controlCharacter(UInt8)
    case invalidEscape
    case loneSurrogate
    case duplicateKey(String)
    case malformedNumber
    case numberOutOfRange
    case tooDeep(limit: Int)
}

extension ArtifactError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedJSON(let problem, let offset):
            "malformed JSON at byte \(offset): \(problem)"
        case .notRepresentable(let path, let reason):
            "value at '\(path)' cannot be written as JSON: \(reason)"
        case .wrongShape(let path, let reason):
            "value at '\(path)' does not fit: \(reason)"
        case .badRow(let row, let file, let cause):
            "row \(row) of '\(file)': \(cause)"
        case .rowTooLong(let bytes, let limit):
            "a row of \(bytes) bytes is longer than the \(limit) that an artifact allows; store long data as a blob"
        case .schemaMismatch(let digest, let stored, let asked):
            "artifact '\(digest.short)' holds '\(stored)' rows, not '\(asked)'; check the stage's inputs"
        case .malformedSchema(let text):
            "'\(text)' is not a record schema; write a name and a version, as in 'candidate/1'"
        case .rowRangeOutside(let range, let rows, let file):
            "rows \(range.lowerBound)..<\(range.upperBound) asked of '\(file)', which holds \(rows)"
        case .damagedFile(let path, let reason):
            "'\(path)' is damaged: \(reason); delete it, then re-run to rebuild it"
        case .digestMismatch(let path, let expected, let found):
            "'\(path)' hashes to '\(found.short)', not '\(expected.short)'; delete it, then re-run to rebuild it"
        case .missingObject(let path):
            "'\(path)' is missing from the store; re-run to rebuild it"
        case .wrongSize(let path, let expected, let found):
            "'\(path)' has \(found) bytes, not \(expected); delete it, then re-run to rebuild it"
        case .sourceDigestMismatch(let path, let expected, let found):
            "source '\(path)' has sha256 '\(found)', not '\(expected)'; "
                + "fetch the right file, or correct its sha256 in the pipeline file"
        case .writerClosed(let path):
            "'\(path)' was written to after it was finished or given up"
        case .malformedCondition(let text, let column, let problem):
            "condition: \(problem)\n  \(text)\n  \(String(repeating: " ", count: column))^"
        case .storeMissing(let path):
            "no artifact store at '\(path)'; run a pipeline first, or name the store with --store"
        case .foreignIndex(let path, let reason):
            "'\(path)' is not the index of an artifact store: \(reason); name another store, or let 'verify --rebuild-index' put it away"
        case .newerIndex(let path, let version, let supported):
            "index '\(path)' has version \(version), newer than the \(supported) this program knows; "
                + "use the newer program"
        case .newerRecord(let path, let schema):
            "record '\(path)' is of schema '\(schema)', which this program does not know; use the newer program"
        case .index(let path, let reason):
            "index '\(path)' failed: \(reason); if it is damaged, 'verify --rebuild-index' makes it anew from the records"
        case .damagedIndex(let path, let reason):
            "index '\(path)' is damaged: \(reason); 'verify --rebuild-index' makes it anew from the records, and so does the "
                + "next run"
        case .damagedIndexInUse(let path):
            "index '\(path)' is damaged, and another process works on its store; wait for that to end, then run again: the "
                + "index is then made anew from the records"
        case .storeBusy(let path):
            "store '\(path)' is in use: another process runs a pipeline on it, or maintains it; wait for it to end"
        case .claimMismatch(let key, let claimed):
            "record for key '\(key.short)' committed under a claim of '\(claimed.short)'"
        case .claimReleased(let key):
            "record for key '\(key.short)' committed after its claim was released"
        case .invalidName(let name, let what):
            "'\(name)' cannot name \(what); use letters, digits, '.', '_' and '-', beginning with a letter or digit"
        case .system(let operation, let path, let code):
            "cannot \(operation) '\(path)': \(SystemCall.text(of: code))\(SystemCall.remedy(for: code))"
        case .compression(let operation, let path, let reason):
            "cannot \(operation) '\(path)': zstd says '\(reason)'"
        }
    }
}

extension ConditionProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpectedCharacter("="): "'=' means nothing here; equality is '=='"
        case .unexpectedCharacter(let character): "'\(character)' means nothing here"
        case .unclosedText: "the text that begins here has no closing quote"
        case .malformedNumber(let text): "'\(text)' is not a number; put a text in quotes"
        case .wanted(let wanted, found: nil): "\(wanted) is due where it ends"
        case .wanted(let wanted, let found?): "\(wanted) is due instead of '\(found)'"
        case .tooDeep(let limit): "parentheses and 'not' nest deeper than \(limit)"
        }
    }
}

extension JSONProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedByte(let byte, let wanted): "\(Self.show(byte)) where \(wanted) is due"
        case .trailingBytes: "more text after the value"
        case .invalidUTF8: "invalid UTF-8"
        case .controlCharacter(let byte): "control character \(Self.show(byte)) in a string; write it as an escape"
        case .invalidEscape: "invalid escape in a string"
        case .loneSurrogate: "an escape that names half of a surrogate pair"
        case .duplicateKey(let key): "key '\(key)' twice in one object"
        case .malformedNumber: "malformed number"
        case .numberOutOfRange: "a number beyond the range of a double"
        case .tooDeep(let limit): "nesting deeper than \(limit)"
        }
    }

    private static func show(_ byte: UInt8) -> String {
        if (0x21..<0x7F).contains(byte) { return "'\(Character(UnicodeScalar(byte)))'" }
        return "byte 0x"
            + String(decoding: [Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte & 15)], as: UTF8.self)
    }
}
