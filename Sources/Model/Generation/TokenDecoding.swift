/// Turns token ids into the bytes of text they stand for.
public protocol TokenDecoding: Sendable {
    /// The bytes of one token; part of a character's UTF-8 form perhaps. Control tokens that are not text give none.
    func bytes(of token: Int32) -> [UInt8]
}

/// A tokenizer's plain text: control tokens give none.
public struct PlainTextDecoding: TokenDecoding {
    private let tokenizer: Tokenizer
    private let control: Set<Int32>

    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        control = Set(tokenizer.specialTokens.map(\.id))
    }

    public func bytes(of token: Int32) -> [UInt8] { control.contains(token) ? [] : tokenizer.bytes(of: token) }
}
