/// Turns token ids into the bytes of text they stand for.
public protocol TokenDecoding: Sendable {
    /// The bytes of one token; part of a character's UTF-8 form perhaps. Control tokens that are not text give none.
    func bytes(of token: Int32) -> [UInt8]
}
