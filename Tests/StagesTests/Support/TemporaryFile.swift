import Foundation

/// A file that is there while a test runs.
func withTemporaryFile<Result>(_ content: [UInt8], _ body: (URL) throws -> Result) throws -> Result {
    let file = FileManager.default.temporaryDirectory.appending(path: "stages-test-\(UUID().uuidString)")
    try Data(content).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try body(file)
}

func withTemporaryFile<Result>(_ content: String, _ body: (URL) throws -> Result) throws -> Result {
    try withTemporaryFile(Array(content.utf8), body)
}
