package import Foundation

/// A safetensors file: the list of its tensors, checked as a whole, and their values as single-precision floats.
///
/// Layout: 8 bytes of header length, a JSON header, then the tensors' bytes without holes or overlaps. Nothing in the
/// header is trusted before it is checked against the bytes that are there.
package struct SafetensorsFile: Sendable {
    /// How values are stored. Formats that cannot be weights here are known so that a file holding one can be listed.
    package enum ValueType: String, Sendable, CaseIterable {
        case bool = "BOOL", uint8 = "U8", int8 = "I8", float8E5M2 = "F8_E5M2", float8E4M3 = "F8_E4M3"
        case uint16 = "U16", int16 = "I16", float16 = "F16", bfloat16 = "BF16"
        case uint32 = "U32", int32 = "I32", float32 = "F32"
        case uint64 = "U64", int64 = "I64", float64 = "F64"

        package var bytes: Int {
            switch self {
            case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
            case .uint16, .int16, .float16, .bfloat16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64: 8
            }
        }
    }

    package struct Tensor: Sendable, Equatable {
        package var name: String
        package var type: ValueType
        package var shape: [Int]
        /// Where the data lies, in bytes from the start of the file.
        package var bytes: Range<Int>

        package var count: Int { bytes.count / type.bytes }
    }

    /// The largest header accepted, in bytes; the same limit as the format's own library.
    package static let longestHeader = 100_000_000

    package let file: MappedFile
    /// In the order of their data.
    package let tensors: [Tensor]

    /// - Throws: `ModelError.file` for a file that is not sound.
    package init(_ url: URL) throws(ModelError) {
        file = try MappedFile(url)
        tensors = try Self.tensors(of: file)
    }

    package func tensor(_ name: String) -> Tensor? { tensors.first { $0.name == name } }

    /// Writes all values of `tensor` to `target`.
    ///
    /// - Throws: `ModelError.file` when its type is not F32, F16 or BF16.
    /// - Precondition: `target` has room for exactly `tensor.count` values.
    package func read(_ tensor: Tensor, into target: UnsafeMutableBufferPointer<Float>) throws(ModelError) {
        let format: BlockFormat
        switch tensor.type {
        case .float32: format = .f32
        case .float16: format = .f16
        case .bfloat16: format = .bf16
        default:
            throw .file(
                name: file.name, problem: "tensor '\(tensor.name)' holds \(tensor.type.rawValue) values",
                remedy: "convert the weights to F32, F16 or BF16")
        }
        file.withBytes(tensor.bytes) { format.dequantise($0, into: target) }
    }
}

// MARK: - The header

extension SafetensorsFile {
    private static func tensors(of file: MappedFile) throws(ModelError) -> [Tensor] {
        func fault(_ problem: String, remedy: String? = nil) -> ModelError {
            .file(name: file.name, problem: problem, remedy: remedy)
        }
        guard file.count >= 8 else { throw fault("holds \(file.count) bytes, too few for a safetensors header") }
        let claimed = file.withBytes(0..<8) { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard claimed <= UInt64(min(longestHeader, file.count - 8)) else {
            throw fault(
                "claims a header of \(claimed) bytes, more than it holds or than is allowed",
                remedy: "the file may be cut short: fetch it again")
        }
        let dataStart = 8 + Int(claimed)
        let header: JSONNode
        do throws(JSONSyntaxError) {
            header = try JSONNode.parse(file.bytes(8..<dataStart))
        } catch {
            throw fault("the header is not JSON: byte \(error.offset): \(error.reason)")
        }
        guard case .object(let members) = header else { throw fault("the header is \(header.kind), not an object") }
        var tensors: [Tensor] = []
        for member in members {
            if member.key == "__metadata__" {
                guard member.value.members?.allSatisfy({ $0.value.string != nil }) == true else {
                    throw fault("'__metadata__' is not an object of strings")
                }
            } else {
                tensors.append(try tensor(member, dataStart: dataStart, file: file))
            }
        }
        tensors.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        var end = dataStart
        for tensor in tensors {
            guard tensor.bytes.lowerBound == end else {
                let what = tensor.bytes.lowerBound < end ? "overlaps the tensor before it" : "leaves a hole before it"
                throw fault("tensor '\(tensor.name)' \(what)")
            }
            end = tensor.bytes.upperBound
        }
        guard end == file.count else { throw fault("\(file.count - end) bytes after the last tensor belong to none") }
        return tensors
    }

    private static func tensor(_ member: JSONMember, dataStart: Int, file: MappedFile) throws(ModelError) -> Tensor {
        let name = member.key
        func fault(_ problem: String) -> ModelError { .file(name: file.name, problem: "tensor '\(name)' \(problem)") }
        guard let typeName = member.value["dtype"]?.string else { throw fault("has no dtype") }
        guard let type = ValueType(rawValue: typeName) else { throw fault("has the unknown dtype '\(typeName)'") }
        guard let shape = member.value["shape"]?.array?.map(\.integer), !shape.contains(where: { ($0 ?? -1) < 0 })
        else {
            throw fault("has no shape of whole numbers")
        }
        guard let offsets = member.value["data_offsets"]?.array?.map(\.integer), offsets.count == 2,
            let begin = offsets[0], let end = offsets[1]
        else { throw fault("has no data_offsets of two whole numbers") }
        guard begin >= 0, begin <= end, end <= file.count - dataStart else {
            throw fault("lies at \(begin)..<\(end), outside the \(file.count - dataStart) bytes of data")
        }
        var size = type.bytes
        for extent in shape {
            let product = size.multipliedReportingOverflow(by: extent ?? 0)
            guard !product.overflow else { throw fault("is larger than can be") }
            size = product.partialValue
        }
        guard size == end - begin else {
            throw fault(
                "of shape \(shape.map { $0 ?? 0 }) and dtype \(typeName) takes \(size) bytes, but has \(end - begin)")
        }
        return Tensor(
            name: name, type: type, shape: shape.map { $0 ?? 0 }, bytes: (dataStart + begin)..<(dataStart + end))
    }
}
