package import Foundation

/// A GGUF file (versions 2 and 3, little-endian): its metadata and the list of its tensors, checked as a whole.
///
/// Nothing in the file is trusted: every count, length and offset is checked against the bytes that are there before
/// anything is allocated, and all arithmetic on them is checked for overflow.
package struct GGUFFile: Sendable {
    /// One tensor: `shape` is slowest dimension first (rows × columns), the reverse of the file's own order.
    package struct Tensor: Sendable, Equatable {
        package var name: String
        package var format: BlockFormat
        package var shape: [Int]
        /// Where the data lies, in bytes from the start of the file.
        package var bytes: Range<Int>

        package var count: Int { shape.reduce(1, *) }
        /// Values in one row, the fastest dimension.
        package var columns: Int { shape.last ?? 1 }
    }

    package let file: MappedFile
    package let version: UInt32
    package let alignment: Int
    package let metadata: [String: GGUFValue]
    package let tensors: [Tensor]

    /// - Throws: `ModelError.file` for a file that is not sound GGUF, or that holds a tensor format unknown here.
    package init(_ url: URL) throws(ModelError) {
        let file = try MappedFile(url)
        var header = GGUFHeaderReader(file: file)
        let content = try header.read()
        self.file = file
        version = content.version
        alignment = content.alignment
        metadata = content.metadata
        tensors = content.tensors
    }

    package func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }

    /// Writes all values of `tensor` to `target`, in single precision, slowest dimension first.
    ///
    /// Row `r` of the file becomes row `place(r)`; by default they keep their order.
    /// - Precondition: `target` has room for exactly `tensor.count` values, and `place` permutes the rows.
    package func read(
        _ tensor: Tensor, into target: UnsafeMutableBufferPointer<Float>, place: ((Int) -> Int)? = nil
    ) {
        precondition(target.count == tensor.count, "'\(tensor.name)': \(tensor.count) values into \(target.count)")
        guard tensor.count > 0 else { return }
        file.withBytes(tensor.bytes) { bytes in
            guard let place else { return tensor.format.dequantise(bytes, into: target) }
            let columns = tensor.columns
            let rowBytes = columns / tensor.format.valuesPerBlock * tensor.format.bytesPerBlock
            for row in 0..<(tensor.count / columns) {
                let source = UnsafeRawBufferPointer(rebasing: bytes[(row * rowBytes)..<((row + 1) * rowBytes)])
                let start = place(row) * columns
                tensor.format.dequantise(
                    source, into: UnsafeMutableBufferPointer(rebasing: target[start..<(start + columns)]))
            }
        }
    }
}

/// A metadata value.
package enum GGUFValue: Sendable, Equatable {
    /// Any integer type whose value fits 64 signed bits.
    case integer(Int64)
    /// A 64-bit unsigned value above `Int64.max`.
    case unsigned(UInt64)
    /// A 32-bit float, kept apart so that it can be written as short as it was meant.
    case float(Float)
    case double(Double)
    case bool(Bool)
    case string(String)
    case integers([Int64])
    case unsignedIntegers([UInt64])
    case floats([Float])
    case doubles([Double])
    case bools([Bool])
    case strings([String])
    case arrays([GGUFValue])
}
