/// Writes a model's parameters in safetensors form: F32, tensors in the layout's order, no holes.
///
/// The bytes depend on the parameters and nothing else, so equal weights have equal digests.
public enum SafetensorsWriter {
    /// The header for `layout`: 8 bytes of length, then JSON padded with spaces so that the data begins on a
    /// multiple of 8.
    public static func header(_ layout: ParameterLayout) -> [UInt8] {
        let tensors = layout.tensors.map { tensor in
            JSONMember(
                tensor.name,
                .object([
                    JSONMember("dtype", .string("F32")),
                    JSONMember("shape", .array(tensor.shape.map { .integer(Int64($0)) })),
                    JSONMember(
                        "data_offsets",
                        .array([
                            .integer(Int64(4 * tensor.range.lowerBound)),
                            .integer(Int64(4 * tensor.range.upperBound)),
                        ])),
                ]))
        }
        // 'format' tells readers which framework's conventions the names follow.
        let metadata = JSONMember("__metadata__", .object([JSONMember("format", .string("pt"))]))
        var text = JSONNode.object([metadata] + tensors).encoded(.compact)
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    /// Passes the file's bytes to `sink`, in order and in pieces of at most 16 MiB.
    public static func write(_ model: LanguageModel, to sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        try header(model.layout).withUnsafeBytes { try sink($0) }
        try model.parameters.withUnsafeBufferPointer { floats in
            let bytes = UnsafeRawBufferPointer(floats)
            for start in stride(from: 0, to: bytes.count, by: pieceSize) {
                try sink(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + pieceSize, bytes.count)]))
            }
        }
    }

    /// The size of the file for `layout`, in bytes.
    public static func size(_ layout: ParameterLayout) -> Int { header(layout).count + 4 * layout.count }

    private static let pieceSize = 16 << 20
}
