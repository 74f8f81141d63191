/// The JSON that a Swift type would write, learned from a value of it and from the static types of its properties.
///
/// It tells what a `null` stands for: a property `var limit: Int?` that is nil has the value `null` and the shape
/// `.optional(.integer)`.
public indirect enum JSONShape: Sendable, Equatable {
    case bool
    case integer
    case number
    case string
    /// Elements of one shape; nil where the array is empty and its type says nothing.
    case array(JSONShape?)
    /// Exactly these members.
    case object([String: JSONShape])
    /// Any keys, values of one shape; nil where the dictionary is empty and its type says nothing.
    case map(JSONShape?)
    case optional(JSONShape)
    /// Not known, or anything at all.
    case any

    /// In the words of an error message.
    public var name: String {
        switch self {
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array(let element): element.map { "an array, each element \($0.name)" } ?? "an array"
        case .object: "an object"
        case .map: "a table of names and values"
        case .optional(let wrapped): "\(wrapped.name) or null"
        case .any: "any value"
        }
    }
}

/// A type that states its shape, for one that cannot be learned: a struct that is nil by default, for instance.
public protocol JSONShaped {
    static var jsonShape: JSONShape { get }
}

extension CanonicalJSON {
    /// The shape of `value`, with everything that its static type tells even where the value is nil or empty.
    public static func shape<T: Encodable>(of value: T) throws -> JSONShape { try StaticShape.of(value) }
}

/// What a metatype alone tells about the JSON of its values.
enum StaticShape {
    /// The shape of `type`, or nil where only a value can tell.
    static func of(_ type: Any.Type) -> JSONShape? {
        switch type {
        case is Bool.Type: .bool
        case is any FixedWidthInteger.Type: .integer
        case is any BinaryFloatingPoint.Type: .number
        case is String.Type, is ContentDigest.Type: .string
        case is JSONValue.Type: .any
        case let shaped as any JSONShaped.Type: shaped.jsonShape
        case let container as any ShapedContainer.Type: container.containerShape
        case let raw as any RawRepresentable.Type: ofRawValue(raw)
        default: nil
        }
    }

    private static func ofRawValue<R: RawRepresentable>(_ type: R.Type) -> JSONShape? { of(R.RawValue.self) }

    /// The shape of `value`: from its type where that suffices, else by watching it encode itself.
    static func of<T: Encodable>(_ value: T) throws -> JSONShape {
        if let shape = of(T.self), shape.isComplete { return shape }
        if let container = value as? any ShapedContainer, let shape = try container.shapeFromContent() {
            return shape
        }
        let recorder = ShapeRecorder()
        try value.encode(to: ShapeEncoder(recorder: recorder, codingPath: []))
        return recorder.shape
    }
}

extension JSONShape {
    /// Whether no part of it is unknown.
    fileprivate var isComplete: Bool {
        switch self {
        case .bool, .integer, .number, .string, .object, .any: true
        case .array(let element), .map(let element): element?.isComplete ?? false
        case .optional(let wrapped): wrapped != .any && wrapped.isComplete
        }
    }
}

/// Arrays, dictionaries and optionals, whose element types are known without any element.
private protocol ShapedContainer {
    static var containerShape: JSONShape { get }
    /// What the content adds; nil where it adds nothing.
    func shapeFromContent() throws -> JSONShape?
}

extension Array: ShapedContainer {
    fileprivate static var containerShape: JSONShape { .array(StaticShape.of(Element.self)) }
    fileprivate func shapeFromContent() throws -> JSONShape? {
        guard let first = first as? any Encodable else { return Self.containerShape }
        return .array(try StaticShape.of(first))
    }
}

extension Dictionary: ShapedContainer {
    fileprivate static var containerShape: JSONShape { .map(StaticShape.of(Value.self)) }
    fileprivate func shapeFromContent() throws -> JSONShape? {
        // `Codable` writes a dictionary with other keys as an array of keys and values in turn.
        guard Key.self == String.self || Key.self is any CodingKeyRepresentable.Type else { return .array(.any) }
        guard let value = values.first as? any Encodable else { return Self.containerShape }
        return .map(try StaticShape.of(value))
    }
}

extension Optional: ShapedContainer {
    fileprivate static var containerShape: JSONShape { .optional(StaticShape.of(Wrapped.self) ?? .any) }
    fileprivate func shapeFromContent() throws -> JSONShape? {
        guard case .some(let wrapped as any Encodable) = self else { return Self.containerShape }
        return .optional(try StaticShape.of(wrapped))
    }
}
