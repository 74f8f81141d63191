internal import Foundation
internal import Model
internal import Synchronization

/// Writes a reply to stdout while it is being drawn.
///
/// It stands between the generator and the tokenizer: the generator asks for the bytes of each token of the text, once
/// and in order, as soon as it is drawn.
final class ReplyStream: TokenDecoding {
    private let text: PlainTextDecoding
    /// The first bytes of a character whose rest is still to come.
    private let pending = Mutex<[UInt8]>([])

    init(_ tokenizer: Tokenizer) { text = PlainTextDecoding(tokenizer) }

    func bytes(of token: Int32) -> [UInt8] {
        let bytes = text.bytes(of: token)
        pending.withLock { pending in
            pending += bytes
            let whole = Self.wholeCharacters(pending)
            write(pending[..<whole])
            pending.removeFirst(whole)
        }
        return bytes
    }

    /// Writes what is left of a character that never became whole, and ends the line.
    func finish() {
        pending.withLock { pending in
            write(pending[...])
            pending = []
        }
        try? Console.stream("\n")
    }

    private func write(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        try? Console.stream(DisplayText.harmless(String(decoding: bytes, as: UTF8.self)))
    }

    /// How many bytes there are before a last character that lacks some of its own.
    private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? bytes.count - back : bytes.count
        }
        return bytes.count
    }
}
