/// A JSON value as a model file holds it: object members stay in the order in which they were written.
///
/// Model files need their own reader because Foundation's forgets member order (vocabularies are written in id
/// order), accepts duplicate keys (a way to smuggle a second tensor under one name) and builds a dictionary per
/// object.
package enum JSONNode: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number without point or exponent that fits 64 bits.
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONNode])
    case object([JSONMember])

    /// The value of member `key`, or nil when this is not an object or has no such member.
    package subscript(key: String) -> JSONNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var integer: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    /// A number of either spelling, `1` or `1.0`.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    package var array: [JSONNode]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var members: [JSONMember]? {
        if case .object(let members) = self { members } else { nil }
    }

    package var isNull: Bool { self == .null }

    /// What kind of value this is, for messages.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One `"key": value` of an object.
package struct JSONMember: Sendable, Equatable {
    package var key: String
    package var value: JSONNode

    package init(_ key: String, _ value: JSONNode) {
        self.key = key
        self.value = value
    }
}

// MARK: - Writing

extension JSONNode {
    /// How the text is laid out. Both forms give the same bytes for the same value, always.
    package enum Layout { case compact, indented }

    /// The value as UTF-8 JSON; members in their own order, non-ASCII text as it is.
    ///
    /// Finite numbers are written in the shortest form that reads back the same.
    /// - Precondition: every number is finite (JSON has no spelling for the others).
    package func encoded(_ layout: Layout) -> [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes, layout, depth: 0)
        if layout == .indented { bytes.append(UInt8(ascii: "\n")) }
        return bytes
    }

    private func append(to bytes: inout [UInt8], _ layout: Layout, depth: Int) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value):
            precondition(value.isFinite, "JSON cannot hold \(value)")
            bytes.append(contentsOf: "\(value)".utf8)
        case .string(let value): Self.append(value, to: &bytes)
        case .array(let values):
            Self.append("[", "]", count: values.count, to: &bytes, layout, depth: depth) { index, bytes in
                values[index].append(to: &bytes, layout, depth: depth + 1)
            }
        case .object(let members):
            Self.append("{", "}", count: members.count, to: &bytes, layout, depth: depth) { index, bytes in
                Self.append(members[index].key, to: &bytes)
                bytes.append(contentsOf: (layout == .indented ? ": " : ":").utf8)
                members[index].value.append(to: &bytes, layout, depth: depth + 1)
            }
        }
    }

    private static func append(
        _ opening: String, _ closing: String, count: Int, to bytes: inout [UInt8], _ layout: Layout, depth: Int,
        element: (Int, inout [UInt8]) -> Void
    ) {
        func breakLine(_ depth: Int, _ bytes: inout [UInt8]) {
            guard layout == .indented, count > 0 else { return }
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
        }
        bytes.append(contentsOf: opening.utf8)
        for index in 0..<count {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(depth + 1, &bytes)
            element(index, &bytes)
        }
        breakLine(depth, &bytes)
        bytes.append(contentsOf: closing.utf8)
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u".utf8)
                bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
                bytes.append(contentsOf: digits.utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
