import Artifacts
import Testing

/// Keys and ids are digests of canonical JSON: two values with one text would share them.
@Suite("Canonical JSON keeps values apart")
struct InjectiveEncodingTests {
    private static let shapes: [JSONValue] = [
        ["a": 1], ["map": ["a": 1]], [["a": 1]], ["a": [1]], ["a": ["": 1]],
    ]
    private static let separators: [JSONValue] = [
        ["a-b"], ["a", "b"], ["a", "-", "b"], "a-b", ["a,b"], ["a\",\"b"], [["a"], "b"], ["a", ["b"]],
    ]
    private static let numbers: [JSONValue] = [1, 1.0, "1", "1.0", true, [1], -1, 10, 10.0, "10"]
    private static let zeros: [JSONValue] = [
        0, 0.0, .number(-0.0), "0", false, "", [], [:], .null, "null", [.null], ["": .null],
    ]
    private static let absences: [JSONValue] = [
        ["a": .null], [:], ["a": "null"], ["a": .null, "b": .null], ["a": [:]], ["a": []],
    ]
    private static let joins: [JSONValue] = [
        ["a_b": 1], ["a": ["b": 1]], ["a.b": 1], ["a": 1, "b": 1], ["ab": 1],
    ]
    private static let letters: [JSONValue] = ["é", "e\u{301}", "é ", "\\u00e9", "É", "\n", "\\n", "\r\n", "\r"]

    @Test(
        "values that look alike have texts of their own",
        arguments: [shapes, separators, numbers, zeros, absences, joins, letters])
    func lookalikes(values: [JSONValue]) throws {
        let texts = try values.map { try CanonicalJSON.encode($0) }
        #expect(Set(texts).count == values.count, "\(values)")
    }

    @Test("no change of shape, type or spelling of a generated value keeps its text", arguments: 0..<20)
    func reshaped(seed: Int) throws {
        var generator = ValueGenerator(seed: UInt64(seed) &+ 100)
        for _ in 0..<200 {
            let value = generator.value()
            let texts = try ([value] + Self.variants(of: value)).map { try CanonicalJSON.encode($0) }
            #expect(!texts.dropFirst().contains(texts[0]), "\(value)")
        }
    }

    /// Values that are not `value`, each in a way in which an encoder has lost the difference.
    private static func variants(of value: JSONValue) -> [JSONValue] {
        var variants: [JSONValue] = [.array([value]), .object(["map": value]), .object(["": value])]
        switch value {
        case .null: variants += [.string("null"), .string(""), .array([]), .object([:])]
        case .bool(let flag): variants += [.string("\(flag)"), .integer(flag ? 1 : 0)]
        case .integer(let number): variants += [.number(Double(number)), .string("\(number)")]
        case .number(let number):
            variants += [.string("\(number)"), .number(number.nextUp)]
            if let whole = Int64(exactly: number) { variants.append(.integer(whole)) }
        case .string(let text):
            variants += [.string(text + " "), .string("\"\(text)\""), .string(text + text + "a")]
        case .array(let items):
            variants += [.array(items + [.null]), .object(["": .array(items)])]
            if let first = items.first {
                variants += [.array(items + [first]), .array([.array([first])] + items.dropFirst())]
            }
            if items.count > 1 { variants.append(.array([.array(Array(items.prefix(2)))] + items.dropFirst(2))) }
            if Array(items.reversed()) != items { variants.append(.array(items.reversed())) }
        case .object(let members):
            variants.append(.array(members.keys.sorted().flatMap { [.string($0), members[$0] ?? .null] }))
            for (key, member) in members {
                var other = members
                other[key] = nil
                variants.append(.object(other))
                other[key + "."] = other[key + "."] ?? member
                variants.append(.object(other))
                other = members
                other[key] = .object([key: member])
                variants.append(.object(other))
            }
        }
        return variants
    }
}
