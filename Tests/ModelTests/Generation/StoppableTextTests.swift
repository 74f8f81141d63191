import Model
import Testing

@Suite("Text with stop strings")
struct StoppableTextTests {
    static func feed(_ text: inout StoppableText, _ pieces: [[UInt8]]) -> String? {
        for piece in pieces {
            if let stop = text.append(piece) { return stop }
        }
        return nil
    }

    @Test("a stop string is found however its bytes fall into tokens", arguments: 1...9)
    func borders(size: Int) {
        let bytes = Array("Answer: näh\n\nUser: more".utf8)
        var text = StoppableText(stopStrings: ["\n\nUser:", "Nothing"])
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        #expect(Self.feed(&text, pieces) == "\n\nUser:")
        #expect(text.text == "Answer: näh")
    }

    @Test("the one completed first counts; of two completed together, the longest")
    func order() {
        var text = StoppableText(stopStrings: ["abcd", "bc"])
        #expect(text.append(Array("xabcd".utf8)) == "bc")
        #expect(text.text == "xa")
        text = StoppableText(stopStrings: ["cd", "abcd"])
        #expect(text.append(Array("xabcd".utf8)) == "abcd")
        #expect(text.text == "x")
    }

    @Test("without a match the text is whole")
    func none() {
        var text = StoppableText(stopStrings: ["STOP"])
        #expect(Self.feed(&text, [[], Array("STO".utf8), Array("ST".utf8)]) == nil)
        #expect(text.text == "STOST")
    }

    @Test("a character cut off at the end is dropped; bytes that are not UTF-8 are replaced")
    func invalid() {
        for (bytes, expected) in [
            ([0x61, 0xE2, 0x82], "a"), ([0x61, 0xE2], "a"), ([0x61, 0xF0, 0x9F, 0x98], "a"), ([0xC3], ""),
            ([0x61, 0xE2, 0x82, 0xAC], "a€"), ([0x61, 0xFF], "a\u{FFFD}"), ([0xFF, 0x61], "\u{FFFD}a"),
            ([0x80], "\u{FFFD}"), ([], ""),
        ] as [([UInt8], String)] {
            var text = StoppableText(stopStrings: [])
            #expect(text.append(bytes) == nil)
            #expect(text.text == expected)
        }
    }
}
