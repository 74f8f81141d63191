import Artifacts
import Testing

@Suite("Canonical JSON")
struct CanonicalJSONTests {
    @Test(
        "each value has one golden text",
        arguments: [
            (.null, "null"),
            (.bool(true), "true"),
            (0, "0"),
            (.integer(.min), "-9223372036854775808"),
            (1.0, "1.0"),
            (.number(-0.0), "-0.0"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-5"),
            (5.5e-6, "5.5e-6"),
            (1e15, "1000000000000000.0"),
            (.number(0x1p54), "1.8014398509481984e16"),
            (1e100, "1e100"),
            (.number(.leastNonzeroMagnitude), "5e-324"),
            (.number(.greatestFiniteMagnitude), "1.7976931348623157e308"),
            (
                "\u{0}\u{8}\t\n\u{B}\u{C}\r\u{1F}\"\\/\u{7F}é\u{2028}😀",
                #""\u0000\b\t\n\u000b\f\r\u001f\"\\/\#u{7F}é\#u{2028}😀""#
            ),
            ([], "[]"),
            ([:], "{}"),
            ([1, [nil], ["b": 2, "a": [:]]], #"[1,[null],{"a":{},"b":2}]"#),
        ] as [(JSONValue, String)])
    func goldenText(value: JSONValue, text: String) throws {
        #expect(try CanonicalJSON.text(value) == text)
        #expect(try CanonicalJSON.parse(text.utf8) == value)
    }

    @Test("every character below U+0100 is escaped if it must be, wherever it stands among others", arguments: 0..<19)
    func escapes(position: Int) throws {
        let names: [UInt32: String] = [8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 0x22: "\"", 0x5C: "\\"]
        for code in UInt32(0)...0xFF {
            let character = String(try #require(Unicode.Scalar(code)))
            var escaped = character
            if let name = names[code] {
                escaped = "\\" + name
            } else if code < 0x20 {
                escaped = "\\u00" + (code < 16 ? "0" : "") + String(code, radix: 16)
            }
            for filler in ["!", " ", "\u{7F}", "é"] {
                let before = String(repeating: filler, count: position)
                let after = String(repeating: filler, count: 18 - position)
                let text = try CanonicalJSON.text(.string(before + character + after))
                #expect(text.unicodeScalars.elementsEqual("\"\(before)\(escaped)\(after)\"".unicodeScalars))
            }
        }
    }

    @Test("keys are sorted by code point, not by composed form, case or locale")
    func keyOrder() throws {
        let value: JSONValue = ["é": 1, "z": 2, "Z": 3, "e\u{301}x": 4, "\u{FFFD}": 5, "😀": 6, "": 7]
        // U+1F600 sorts after U+FFFD, where UTF-16 order would put its surrogates first.
        #expect(
            try CanonicalJSON.text(value) == "{\"\":7,\"Z\":3,\"e\u{301}x\":4,\"z\":2,\"é\":1,\"\u{FFFD}\":5,\"😀\":6}"
        )
    }

    @Test("NaN and the infinities are refused, with their place")
    func nonFinite() {
        for number in [Double.nan, .infinity, -.infinity] {
            #expect(throws: ArtifactError.notRepresentable(path: "$.a[1]", reason: "\(number) is not a JSON number"))
            {
                try CanonicalJSON.encode(["a": [0, .number(number)]])
            }
        }
    }

    @Test("every generated value survives a round trip, and its text is a fixed point", arguments: 0..<8)
    func generatedRoundTrip(seed: Int) throws {
        var generator = ValueGenerator(seed: UInt64(seed))
        for _ in 0..<500 {
            let value = generator.value()
            let bytes = try CanonicalJSON.encode(value)
            let parsed = try CanonicalJSON.parse(bytes)
            #expect(parsed == value)
            #expect(try CanonicalJSON.encode(parsed) == bytes)
        }
    }

    @Test("different values never share a text, equal ones always do")
    func injective() throws {
        var generator = ValueGenerator(seed: 7)
        var values: [[UInt8]: JSONValue] = [:]
        for _ in 0..<5000 {
            let value = generator.value(depth: 2)
            let bytes = try CanonicalJSON.encode(value)
            if let known = values[bytes] { #expect(known == value) }
            values[bytes] = value
        }
        let distinct = Array(values.values.prefix(600))
        for (position, left) in distinct.enumerated() {
            for right in distinct[(position + 1)...] { #expect(left != right) }
        }
    }

    @Test("doubles of every exponent read back the same bits")
    func everyExponent() throws {
        for exponent in 0..<UInt64(2047) {
            for fraction in [0, 1, 0x8_0000_0000_0000, 0xF_FFFF_FFFF_FFFF] as [UInt64] {
                let number = Double(bitPattern: exponent << 52 | fraction)
                let bytes = try CanonicalJSON.encode(.number(number))
                #expect(bytes.contains(UInt8(ascii: ".")) || bytes.contains(UInt8(ascii: "e")))
                #expect(try CanonicalJSON.parse(bytes) == .number(number))
            }
        }
    }

    @Test("equality is that of the text")
    func equality() {
        #expect(JSONValue.integer(1) != .number(1))
        #expect(JSONValue.string("é") != .string("e\u{301}"))
        #expect(JSONValue.object(["é": 1]) != .object(["e\u{301}": 1]))
        #expect(JSONValue.number(0) != .number(-0.0))
    }

    @Test("what nests deeper than a reader allows is not written either")
    func depth() throws {
        func nested(_ depth: Int) -> JSONValue { (0..<depth).reduce(JSONValue.null) { value, _ in .array([value]) } }
        let deepest = nested(CanonicalJSON.maximumDepth)
        #expect(try CanonicalJSON.parse(CanonicalJSON.encode(deepest)) == deepest)
        #expect(throws: ArtifactError.self) { try CanonicalJSON.encode(.array([deepest])) }
        let text = String(repeating: "[", count: 513) + String(repeating: "]", count: 513)
        #expect(throws: ArtifactError.malformedJSON(.tooDeep(limit: 512), offset: 512)) {
            try CanonicalJSON.parse(text.utf8)
        }
    }
}
