/// Where a `ShapeEncoder` leaves what it saw.
final class ShapeRecorder {
    var shape = JSONShape.any

    func setMember(_ key: any CodingKey, _ member: JSONShape) {
        var members: [String: JSONShape] = [:]
        if case .object(let known) = shape { members = known }
        members[key.stringValue] = member
        shape = .object(members)
    }

    /// Elements of differing shapes have no common one.
    func addElement(_ element: JSONShape) {
        guard case .array(let known?) = shape else {
            shape = .array(element)
            return
        }
        if known != element { shape = .array(.any) }
    }
}

/// An `Encoder` that keeps the types it is shown and drops the values.
struct ShapeEncoder: Encoder {
    let recorder: ShapeRecorder
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if recorder.shape == .any { recorder.shape = .object([:]) }
        return KeyedEncodingContainer(KeyedShape<Key>(recorder: recorder, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if recorder.shape == .any { recorder.shape = .array(nil) }
        return UnkeyedShape(recorder: recorder, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleShape(recorder: recorder, codingPath: codingPath)
    }
}

private struct KeyedShape<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let recorder: ShapeRecorder
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) throws { recorder.setMember(key, .optional(.any)) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        recorder.setMember(key, try StaticShape.of(value))
    }

    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encode(value, forKey: key) }
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try encode(value, forKey: key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        // The nested shape is not known until later: it is left open.
        recorder.setMember(key, .any)
        return ShapeEncoder(recorder: ShapeRecorder(), codingPath: codingPath).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        recorder.setMember(key, .any)
        return ShapeEncoder(recorder: ShapeRecorder(), codingPath: codingPath).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { ShapeEncoder(recorder: ShapeRecorder(), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct UnkeyedShape: UnkeyedEncodingContainer {
    let recorder: ShapeRecorder
    let codingPath: [any CodingKey]
    private(set) var count = 0

    init(recorder: ShapeRecorder, codingPath: [any CodingKey]) {
        self.recorder = recorder
        self.codingPath = codingPath
    }

    mutating func encodeNil() throws {
        count += 1
        recorder.addElement(.optional(.any))
    }

    mutating func encode<T: Encodable>(_ value: T) throws {
        count += 1
        recorder.addElement(try StaticShape.of(value))
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        count += 1
        recorder.addElement(.any)
        return ShapeEncoder(recorder: ShapeRecorder(), codingPath: codingPath).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        count += 1
        recorder.addElement(.any)
        return ShapeEncoder(recorder: ShapeRecorder(), codingPath: codingPath).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder {
        count += 1
        recorder.addElement(.any)
        return ShapeEncoder(recorder: ShapeRecorder(), codingPath: codingPath)
    }
}

private struct SingleShape: SingleValueEncodingContainer {
    let recorder: ShapeRecorder
    let codingPath: [any CodingKey]

    func encodeNil() throws { recorder.shape = .optional(.any) }
    func encode<T: Encodable>(_ value: T) throws { recorder.shape = try StaticShape.of(value) }
}
