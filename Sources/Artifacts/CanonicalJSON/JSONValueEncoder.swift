/// Turns `Encodable` values into `JSONValue`.
///
/// Foundation's encoder would leave out nil properties, print doubles in its own way and forget which numbers were
/// integers; all three matter to a digest.
enum JSONValueEncoder {
    static func encode(_ value: some Encodable) throws -> JSONValue {
        let node = EncodedNode()
        try node.fill(with: value, path: [])
        return node.value
    }
}

/// A place in the tree under construction; containers share it by reference, as `Codable` demands.
private final class EncodedNode {
    enum Content {
        case unset
        case scalar(JSONValue)
        case array([EncodedNode])
        /// Members whose value is known, and those that are still being filled; most rows have none of these.
        case object([String: JSONValue], open: [String: EncodedNode])
    }
    var content = Content.unset

    var value: JSONValue {
        switch content {
        // A type that encodes nothing is an empty object, as in Foundation.
        case .unset: .object([:])
        case .scalar(let value): value
        case .array(let nodes): .array(nodes.map(\.value))
        case .object(let members, let open):
            .object(open.isEmpty ? members : members.merging(open.mapValues(\.value)) { $1 })
        }
    }

    func fill<T: Encodable>(with value: T, path: [any CodingKey]) throws {
        if let json = value as? JSONValue {
            content = .scalar(json)
        } else {
            try value.encode(to: NodeEncoder(node: self, codingPath: path))
        }
    }

    func member(_ key: any CodingKey) -> EncodedNode {
        let node = EncodedNode()
        var (members, open) = takeMembers()
        open[key.stringValue] = node
        content = .object(members, open: open)
        return node
    }

    func set(_ value: JSONValue, for key: any CodingKey) {
        var (members, open) = takeMembers()
        members[key.stringValue] = value
        // Whoever encodes a key twice means the second time.
        if !open.isEmpty { open[key.stringValue] = nil }
        content = .object(members, open: open)
    }

    /// The members so far, of which this node lets go, so that they are changed in place.
    private func takeMembers() -> (members: [String: JSONValue], open: [String: EncodedNode]) {
        guard case .object(let members, let open) = content else { return ([:], [:]) }
        content = .unset
        return (members, open)
    }

    func element() -> EncodedNode {
        let node = EncodedNode()
        guard case .array(var elements) = content else {
            content = .array([node])
            return node
        }
        content = .unset
        elements.append(node)
        content = .array(elements)
        return node
    }

    func set(integer value: some BinaryInteger, path: [any CodingKey]) throws {
        guard let integer = Int64(exactly: value) else {
            throw ArtifactError.notRepresentable(
                path: CodingPath.text(path), reason: "\(value) is beyond a 64-bit integer")
        }
        content = .scalar(.integer(integer))
    }

    /// The shortest text of a `Float` is shorter than that of the equal `Double`: 0.1 and not 0.10000000149011612.
    func set(float value: Float) {
        guard let short = Double(value.description), Float(short) == value else {
            content = .scalar(.number(Double(value)))
            return
        }
        content = .scalar(.number(short))
    }
}

private struct NodeEncoder: Encoder {
    let node: EncodedNode
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        // Room for the members of most records at once.
        if case .unset = node.content { node.content = .object(.init(minimumCapacity: 12), open: [:]) }
        return KeyedEncodingContainer(KeyedNode<Key>(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .unset = node.content { node.content = .array([]) }
        return UnkeyedNode(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleNode(node: node, codingPath: codingPath)
    }
}

private struct KeyedNode<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) throws { node.set(.null, for: key) }
    func encode(_ value: Bool, forKey key: Key) throws { node.set(.bool(value), for: key) }
    func encode(_ value: String, forKey key: Key) throws { node.set(.string(value), for: key) }
    func encode(_ value: Double, forKey key: Key) throws { node.set(.number(value), for: key) }
    func encode(_ value: Int, forKey key: Key) throws { node.set(.integer(Int64(value)), for: key) }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try node.member(key).fill(with: value, path: codingPath + [key])
    }

    // Where the standard library would write nothing, `null` is written: a record's shape is always complete.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try encodeOrNil(value, forKey: key) }

    private func encodeOrNil<T: Encodable>(_ value: T?, forKey key: Key) throws {
        guard let value else { return try encodeNil(forKey: key) }
        try encode(value, forKey: key)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        NodeEncoder(node: node.member(key), codingPath: codingPath + [key]).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        NodeEncoder(node: node.member(key), codingPath: codingPath + [key]).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        NodeEncoder(node: node.member(PathKey("super")), codingPath: codingPath + [PathKey("super")])
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        NodeEncoder(node: node.member(key), codingPath: codingPath + [key])
    }
}

private struct UnkeyedNode: UnkeyedEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    var count: Int { if case .array(let elements) = node.content { elements.count } else { 0 } }

    private func next() -> (node: EncodedNode, path: [any CodingKey]) {
        let path = codingPath + [PathKey(count)]
        return (node.element(), path)
    }

    func encodeNil() throws { next().node.content = .scalar(.null) }
    func encode<T: Encodable>(_ value: T) throws {
        let (node, path) = next()
        try node.fill(with: value, path: path)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let (node, path) = next()
        return NodeEncoder(node: node, codingPath: path).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let (node, path) = next()
        return NodeEncoder(node: node, codingPath: path).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        let (node, path) = next()
        return NodeEncoder(node: node, codingPath: path)
    }
}

private struct SingleNode: SingleValueEncodingContainer {
    let node: EncodedNode
    let codingPath: [any CodingKey]

    func encodeNil() throws { node.content = .scalar(.null) }
    func encode(_ value: Bool) throws { node.content = .scalar(.bool(value)) }
    func encode(_ value: String) throws { node.content = .scalar(.string(value)) }
    func encode(_ value: Double) throws { node.content = .scalar(.number(value)) }
    func encode(_ value: Float) throws { node.set(float: value) }
    func encode(_ value: Int) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: Int8) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: Int16) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: Int32) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: Int64) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: UInt) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: UInt8) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: UInt16) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: UInt32) throws { try node.set(integer: value, path: codingPath) }
    func encode(_ value: UInt64) throws { try node.set(integer: value, path: codingPath) }
    func encode<T: Encodable>(_ value: T) throws { try node.fill(with: value, path: codingPath) }
}
