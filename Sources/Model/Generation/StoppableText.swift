/// Text that grows by the bytes of tokens until one of its stop strings is complete.
///
/// Stop strings are compared as bytes, so they may begin and end anywhere inside tokens. The one completed first
/// counts; of several completed by the same byte, the longest, whose cut is the earliest.
package struct StoppableText: Sendable {
    private var bytes: [UInt8] = []
    private let stops: [(string: String, bytes: [UInt8])]
    private let longestStop: Int

    package init(stopStrings: [String]) {
        stops = stopStrings.map { ($0, Array($0.utf8)) }.sorted { $0.bytes.count > $1.bytes.count }
        longestStop = stops.first?.bytes.count ?? 0
    }

    /// Adds the bytes of one more token.
    ///
    /// - Returns: the stop string they completed, after which the text ends before it.
    package mutating func append(_ more: [UInt8]) -> String? {
        let before = bytes.count
        bytes += more
        if longestStop == 0 { return nil }
        for end in (before + 1)..<max(before + 1, bytes.count + 1) {
            for stop in stops
            where stop.bytes.count <= end && bytes[(end - stop.bytes.count)..<end].elementsEqual(stop.bytes) {
                bytes.removeSubrange((end - stop.bytes.count)...)
                return stop.string
            }
        }
        return nil
    }

    /// The text so far. Bytes that are not UTF-8 become U+FFFD; a character still incomplete at the end is left out.
    package var text: String { String(decoding: bytes[..<Self.wholeCharacters(bytes)], as: UTF8.self) }

    /// How many bytes remain when an incomplete but so far well-formed last character is left out.
    private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
        let continuations = bytes.suffix(3).reversed().prefix { $0 & 0xC0 == 0x80 }.count
        let lead = bytes.count - continuations - 1
        if lead < 0 { return bytes.count }
        let length =
            switch bytes[lead] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        return continuations + 1 < length ? lead : bytes.count
    }
}
