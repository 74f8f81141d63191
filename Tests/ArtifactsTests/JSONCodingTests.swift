import Artifacts
import Testing

private enum Scoring: String, Codable { case sampled, expected }

private struct Nested: Codable, Equatable {
    var margin = 0.5
    var label: String?
}

private struct Parameters: Codable, Equatable {
    var samples = 3
    var temperature: Double = 1
    var ratio: Float = 0.1
    var small: UInt8 = 200
    var name = "judge"
    var strict = true
    var scoring = Scoring.sampled
    var limit: Int?
    var fallback: Scoring?
    var rate: Double? = 2
    var words: [String] = []
    var weights: [Double]? = nil
    var grid: [[Int]] = []
    var table: [String: Double] = [:]
    var nested = Nested()
    var several = [Nested()]
    var anything: JSONValue = [1, "two"]
    var digest: ContentDigest?
}

@Suite("Coding Swift values as JSON")
struct JSONCodingTests {
    @Test("every property is written, nil as null, with its own kind of number")
    func goldenText() throws {
        let text = try CanonicalJSON.text(CanonicalJSON.value(of: Parameters()))
        #expect(
            text == """
                {"anything":[1,"two"],"digest":null,"fallback":null,"grid":[],"limit":null,"name":"judge",\
                "nested":{"label":null,"margin":0.5},"rate":2.0,"ratio":0.1,"samples":3,"scoring":"sampled",\
                "several":[{"label":null,"margin":0.5}],"small":200,"strict":true,"table":{},"temperature":1.0,\
                "weights":null,"words":[]}
                """)
        #expect(try CanonicalJSON.decode(Parameters.self, from: CanonicalJSON.parse(text.utf8)) == Parameters())
    }

    @Test("the shape tells the declared type of what is nil or empty")
    func shape() throws {
        #expect(
            try CanonicalJSON.shape(of: Parameters())
                == .object([
                    "samples": .integer, "temperature": .number, "ratio": .number, "small": .integer, "name": .string,
                    "strict": .bool, "scoring": .string, "limit": .optional(.integer), "fallback": .optional(.string),
                    "rate": .optional(.number), "words": .array(.string), "weights": .optional(.array(.number)),
                    "grid": .array(.array(.integer)), "table": .map(.number),
                    "nested": .object(["margin": .number, "label": .optional(.string)]),
                    "several": .array(.object(["margin": .number, "label": .optional(.string)])),
                    "anything": .any, "digest": .optional(.string),
                ]))
    }

    @Test(
        "a value of the wrong type is refused with its path",
        arguments: [
            (#"{"a":[{"b":1.0}]}"#, "$.a[0].b", "it is a number, not an integer"),
            (#"{"a":[{"b":1},{"b":"1"}]}"#, "$.a[1].b", "it is a string, not an integer"),
            (#"{"a":[{"b":300}]}"#, "$.a[0].b", "300 is beyond the range of Int8"),
            (#"{"a":[{"b":null}]}"#, "$.a[0].b", "it is null, not an integer"),
            (#"{"a":[{}]}"#, "$.a[0].b", "it is missing"),
            (#"{"a":{}}"#, "$.a", "it is an object, not an array"),
        ])
    func wrongShape(text: String, path: String, reason: String) throws {
        struct Inner: Codable { var b: Int8 }
        struct Outer: Codable { var a: [Inner] }
        let value = try CanonicalJSON.parse(text.utf8)
        #expect(throws: ArtifactError.wrongShape(path: path, reason: reason)) {
            try CanonicalJSON.decode(Outer.self, from: value)
        }
    }

    @Test("an integer is read as a Double, a Double never as an integer")
    func exactTypes() throws {
        #expect(try CanonicalJSON.decode(Double.self, from: 3) == 3)
        #expect(throws: ArtifactError.self) { try CanonicalJSON.decode(Int.self, from: 3.0) }
        #expect(throws: ArtifactError.self) { try CanonicalJSON.decode(String.self, from: 3) }
        #expect(throws: ArtifactError.self) { try CanonicalJSON.decode(Bool.self, from: 1) }
        #expect(throws: ArtifactError.self) { try CanonicalJSON.decode(Scoring.self, from: "other") }
    }

    @Test("absent and null are both nil for an optional")
    func optionals() throws {
        #expect(try CanonicalJSON.decode(Nested.self, from: ["margin": 1.0]) == Nested(margin: 1))
        #expect(try CanonicalJSON.decode(Nested.self, from: ["margin": 1.0, "label": nil]) == Nested(margin: 1))
        #expect(try CanonicalJSON.decode([Int?].self, from: [1, nil]) == [1, nil])
        #expect(try CanonicalJSON.value(of: [1, nil] as [Int?]) == [1, nil])
    }

    @Test("integers beyond 64 bits are refused, with their place")
    func hugeInteger() {
        #expect(
            throws: ArtifactError.notRepresentable(
                path: "$.a[1]", reason: "18446744073709551615 is beyond a 64-bit integer")
        ) { try CanonicalJSON.value(of: ["a": [1, UInt64.max]]) }
    }

    @Test("a record id is 80 bits of the digest over kind and parts, and depends on each")
    func recordIDs() {
        #expect(
            RecordID.derive("pair", ["a", 1])
                == String(ContentDigest(hashing: Array(#"["pair","a",1]"#.utf8)).hex.prefix(20)))
        let ids = [
            RecordID.derive("pair", ["a", "b"]), RecordID.derive("pair", ["ab"]),
            RecordID.derive("pair", [["a", "b"]]),
            RecordID.derive("paira", ["b"]), RecordID.derive("pair", ["b", "a"]), RecordID.derive("pair", [1]),
            RecordID.derive("pair", [1.0]), RecordID.derive("pair", ["1"]),
        ]
        #expect(Set(ids).count == ids.count)
    }

    @Test(
        "schemas are written as name and version",
        arguments: ["", "candidate", "candidate/0", "candidate/01", "/1", "a/b/1"])
    func malformedSchemas(text: String) {
        #expect(RecordSchema(text) == nil)
        #expect(RecordSchema("preference-pair/12") == RecordSchema("preference-pair", version: 12))
    }

    @Test("a digest reads only 64 lower-case digits")
    func digests() {
        // FIPS 180-2, appendix B.1.
        let abc = ContentDigest(hashing: Array("abc".utf8))
        #expect(abc.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(abc.short == "ba7816bf8f01")
        #expect(ContentDigest(hex: abc.hex) == abc)
        #expect(ContentDigest(hex: abc.hex.uppercased()) == nil)
        #expect(ContentDigest(hex: abc.hex.dropLast()) == nil)
        #expect(ContentDigest(hex: abc.hex + "0") == nil)
    }
}
