import Foundation

/// Unicode's composed normal form (NFC).
enum UnicodeComposition {
    /// `bytes`, which are valid UTF-8, composed.
    static func compose(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).precomposedStringWithCanonicalMapping.utf8)
    }
}
