internal import Artifacts

/// A place in the tree of random streams: `seed / stage kind / row id / sample index / purpose`.
///
/// Each place has a 64-bit key for a counter-based generator. Keys depend on the path alone, so a row's numbers do not
/// change with batch, shard, thread or order of completion.
public struct SeedPath: Hashable, Sendable {
    /// The path from the root, the seed first. Paths are short (about five parts), so each is kept whole.
    private let parts: [String]

    public init(root seed: UInt64) {
        parts = [String(seed)]
    }

    private init(parts: [String]) {
        self.parts = parts
    }

    /// The place below this one that `parts` lead to. `child("a", "b")` equals `child("a").child("b")`.
    public func child(_ parts: String...) -> SeedPath {
        SeedPath(parts: self.parts + parts)
    }

    /// The key of this place: the first eight bytes, most significant first, of SHA-256 over each part preceded by
    /// its length in UTF-8 bytes as eight bytes, so that no two paths hash the same bytes.
    public var key: UInt64 {
        var bytes: [UInt8] = []
        for part in parts {
            let text = Array(part.utf8)
            withUnsafeBytes(of: UInt64(text.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: text)
        }
        return ContentDigest(hashing: bytes).hex.prefix(16).reduce(0) { key, digit in
            key << 4 | UInt64(digit.hexDigitValue ?? 0)
        }
    }
}
