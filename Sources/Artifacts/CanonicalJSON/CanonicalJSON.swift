/// The one text that this project has for a JSON value.
///
/// Object keys are sorted by code point, no white space is written, integers carry no point, other numbers always
/// carry a point or an exponent and are the shortest text that reads back the same, strings are UTF-8 with only the
/// escapes that JSON demands. So equal values have equal bytes and equal digests, and different values never do.
/// The rules byte by byte: `docs/artifact-format.md`.
public enum CanonicalJSON {
    /// How deeply arrays and objects may nest: far more than any record, far less than the stack bears.
    public static let maximumDepth = 512

    /// The canonical bytes of `value`.
    /// - Throws: `ArtifactError.notRepresentable` for NaN and the infinities, and for nesting beyond `maximumDepth`,
    ///   with the place.
    public static func encode(_ value: JSONValue) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try append(value, to: &bytes)
        return bytes
    }

    /// Appends the canonical bytes of `value` to `bytes`.
    public static func append(_ value: JSONValue, to bytes: inout [UInt8]) throws {
        var serializer = JSONSerializer(bytes: bytes)
        bytes = []
        defer { bytes = serializer.bytes }
        do {
            try serializer.write(value)
        } catch let refusal as JSONSerializer.Refusal {
            let first = JSONSerializer.firstRefusal(in: value) ?? ("$", refusal)
            throw ArtifactError.notRepresentable(path: first.path, reason: "\(first.why)")
        }
    }

    /// The canonical bytes of anything `Encodable`.
    public static func encode(encodable value: some Encodable) throws -> [UInt8] { try encode(self.value(of: value)) }

    /// The canonical text of `value`, for people and logs.
    public static func text(_ value: JSONValue) throws -> String {
        String(decoding: try encode(value), as: UTF8.self)
    }

    /// Reads one JSON value, canonical or not, and refuses whatever RFC 8259 leaves open: invalid UTF-8, lone
    /// surrogates, repeated keys, numbers beyond a double.
    ///
    /// A number without point and exponent that fits an `Int64` is an integer; a longer one is a number.
    /// Two keys that differ only in Unicode composition count as repeated, since Swift cannot keep them apart.
    /// - Throws: `ArtifactError.malformedJSON` with the offset of the byte at fault.
    public static func parse(
        _ bytes: some Collection<UInt8>, maximumDepth: Int = maximumDepth
    ) throws -> JSONValue {
        let parsed = try bytes.withContiguousStorageIfAvailable { buffer in
            try parse(UnsafeRawBufferPointer(buffer), maximumDepth: maximumDepth)
        }
        return try parsed ?? Array(bytes).withUnsafeBytes { try parse($0, maximumDepth: maximumDepth) }
    }

    /// As `parse(_:maximumDepth:)`, from memory that the caller keeps alive.
    public static func parse(
        _ bytes: UnsafeRawBufferPointer, maximumDepth: Int = maximumDepth
    ) throws -> JSONValue {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth)
        return try parser.parseDocument()
    }

    /// `value` as JSON. A nil property of a keyed container becomes `null`, so that the shape is always complete.
    /// - Throws: `ArtifactError.notRepresentable` for an integer beyond `Int64`.
    public static func value(of value: some Encodable) throws -> JSONValue {
        try JSONValueEncoder.encode(value)
    }

    /// Reads a Swift value out of `value`. Types are exact: an integer is accepted for a `Double`, but neither `1.0`
    /// for an `Int` nor `"1"` for either; a member that is absent or `null` is nil for an optional property.
    /// - Throws: `ArtifactError.wrongShape` with the path of the value at fault.
    public static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws -> T {
        try JSONValueDecoder.decode(type, from: value)
    }
}
