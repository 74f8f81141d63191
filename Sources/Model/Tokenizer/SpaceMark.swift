/// SentencePiece's `▁` (U+2581), which stands for a space in vocabularies.
///
/// Inside this module pieces are kept with real spaces; a `▁` in text counts as a space, as it does for
/// SentencePiece.
enum SpaceMark {
    static let mark: Unicode.Scalar = "\u{2581}"
    private static let encoded: [UInt8] = [0xE2, 0x96, 0x81]

    /// `bytes` with each `▁` as a space.
    static func toSpaces(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            result.append(byte)
            if byte == encoded[2], result.suffix(3).elementsEqual(encoded) {
                result.removeLast(3)
                result.append(0x20)
            }
        }
        return result
    }

    /// A stretch of text as pieces are looked up in it: with spaces for marks, and the space that `prefix` asks for.
    static func marked(
        _ bytes: ArraySlice<UInt8>, prefix: TokenizerDefinition.SpacePrefix, isTextStart: Bool
    ) -> [UInt8] {
        let spaced = toSpaces(bytes)
        let wantsSpace =
            switch prefix {
            case .none: false
            case .everyStretch: true
            case .everyStretchWithout: spaced.first != 0x20
            case .textStart: isTextStart && spaced.first != 0x20
            }
        return wantsSpace ? [0x20] + spaced : spaced
    }
}
