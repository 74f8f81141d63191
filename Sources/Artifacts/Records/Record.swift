/// The name and version of a kind of row: `candidate/1`.
public struct RecordSchema: Hashable, Sendable, CustomStringConvertible {
    public var name: String
    public var version: Int

    public init(_ name: String, version: Int) {
        self.name = name
        self.version = version
    }

    /// Reads `candidate/1`; nil for anything of another form.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let version = Int(parts[1]), version > 0,
            String(version) == parts[1]
        else { return nil }
        self.init(String(parts[0]), version: version)
    }

    public var description: String { "\(name)/\(version)" }
}

/// A row of an artifact.
///
/// What identifies a row is derived from its content and the ids of the rows it came from (`RecordID`), never from
/// a clock, a counter or a position in a file.
public protocol Record: Codable, Sendable {
    static var schema: RecordSchema { get }
    var id: String { get }
}

public enum RecordID {
    /// The first 20 hexadecimal digits of the SHA-256 of the canonical JSON `[kind, parts…]`: 80 bits, of which a
    /// million rows have a chance below 10⁻¹² to see two alike.
    /// - Precondition: no part holds NaN or an infinity.
    public static func derive(_ kind: String, _ parts: [JSONValue]) -> String {
        do {
            let bytes = try CanonicalJSON.encode(.array([.string(kind)] + parts))
            return String(ContentDigest(hashing: bytes).hex.prefix(20))
        } catch {
            preconditionFailure("record id of '\(kind)': \(error)")
        }
    }
}
