internal import Artifacts
internal import Foundation

/// Where this program writes: data to stdout, everything else to stderr.
enum Console {
    /// Writes data for whoever reads stdout.
    /// - Throws: when nobody does any more.
    static func print(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Writes text as it is, without a line end, for output that streams.
    static func stream(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    /// One JSON value as one line of stdout.
    static func print(json value: JSONValue) throws {
        try print(CanonicalJSON.text(value))
    }

    /// Says something to the person in front of the screen. A closed stderr does not stop the work.
    static func note(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}
