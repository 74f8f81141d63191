/// Reads what stands before a GGUF file's tensor data: counts, metadata, tensor list.
struct GGUFHeaderReader {
    let file: MappedFile
    private var offset = 0

    init(file: MappedFile) { self.file = file }

    struct Content {
        var version: UInt32
        var alignment: Int
        var metadata: [String: GGUFValue]
        var tensors: [GGUFFile.Tensor]
    }

    /// Nested arrays deeper than this are refused; real files have none.
    private static let deepestArray = 4
    /// ggml's own limit.
    private static let mostDimensions: UInt32 = 4

    private enum ValueType: UInt32 {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// The fewest bytes a value takes: bounds how many can be in what is left of the file.
        var leastBytes: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64, .string: 8
            case .array: 12
            }
        }
    }

    mutating func read() throws(ModelError) -> Content {
        guard file.count >= 4, file.bytes(0..<4) == Array("GGUF".utf8) else {
            throw fault("does not start with 'GGUF'", remedy: "give a GGUF file")
        }
        offset = 4
        let version: UInt32 = try integer("version")
        guard version == 2 || version == 3 else {
            throw fault("is GGUF version \(version)", remedy: "convert it to version 3, little-endian")
        }
        let tensorCount = try count("tensors", leastBytes: 8 + 4 + 8 + 4 + 8)
        let keyCount = try count("metadata keys", leastBytes: 8 + 4 + 1)
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<keyCount {
            let key = try string("a metadata key")
            let value = try value(try valueType("key '\(key)'"), of: "key '\(key)'", depth: 0)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw fault("holds the metadata key '\(key)' twice")
            }
        }
        let alignment = try alignment(metadata["general.alignment"])
        let tensors = try tensors(count: tensorCount, alignment: alignment)
        return Content(version: version, alignment: alignment, metadata: metadata, tensors: tensors)
    }

    private func fault(_ problem: String, remedy: String? = nil) -> ModelError {
        .file(name: file.name, problem: problem, remedy: remedy)
    }

    private func alignment(_ value: GGUFValue?) throws(ModelError) -> Int {
        guard let value else { return 32 }
        guard case .integer(let alignment) = value, alignment > 0, alignment <= 1 << 20,
            alignment & (alignment - 1) == 0
        else { throw fault("has an alignment that is not a power of two: \(value)") }
        return Int(alignment)
    }

    // MARK: Tensors

    /// A tensor as listed, before its place is checked against the file.
    private struct Listing {
        var name: String
        var format: BlockFormat
        var shape: [Int]
        var size: Int
        var offset: UInt64
    }

    private mutating func tensors(count: Int, alignment: Int) throws(ModelError) -> [GGUFFile.Tensor] {
        var listings: [Listing] = []
        var names = Set<[UInt8]>()
        for _ in 0..<count {
            let listing = try listing()
            guard names.insert(Array(listing.name.utf8)).inserted else {
                throw fault("holds two tensors named '\(listing.name)'")
            }
            listings.append(listing)
        }
        let dataStart = (offset + alignment - 1) / alignment * alignment
        var tensors: [GGUFFile.Tensor] = []
        for listing in listings {
            guard listing.offset % UInt64(alignment) == 0 else {
                throw fault("tensor '\(listing.name)' begins at \(listing.offset), not a multiple of \(alignment)")
            }
            guard let relative = Int(exactly: listing.offset), relative <= file.count,
                dataStart <= file.count - relative,
                listing.size <= file.count - relative - dataStart
            else {
                throw fault(
                    "tensor '\(listing.name)' ends past the end of the file",
                    remedy: "the file may be cut short: fetch it again")
            }
            let start = dataStart + relative
            tensors.append(
                GGUFFile.Tensor(
                    name: listing.name, format: listing.format, shape: listing.shape,
                    bytes: start..<(start + listing.size)))
        }
        let placed = tensors.filter { !$0.bytes.isEmpty }.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (first, second) in zip(placed, placed.dropFirst()) where second.bytes.lowerBound < first.bytes.upperBound
        {
            throw fault("tensors '\(first.name)' and '\(second.name)' overlap")
        }
        return tensors
    }

    private mutating func listing() throws(ModelError) -> Listing {
        let name = try string("a tensor name")
        let dimensions: UInt32 = try integer("dimensions of '\(name)'")
        guard (1...Self.mostDimensions).contains(dimensions) else {
            throw fault("tensor '\(name)' has \(dimensions) dimensions")
        }
        var shape: [Int] = []
        for _ in 0..<dimensions {
            let extent: UInt64 = try integer("shape of '\(name)'")
            guard let extent = Int(exactly: extent) else {
                throw fault("tensor '\(name)' has a dimension of \(extent)")
            }
            shape.insert(extent, at: 0)
        }
        let typeID: UInt32 = try integer("type of '\(name)'")
        guard let format = BlockFormat(rawValue: typeID) else {
            let known = BlockFormat.allCases.map(\.name).joined(separator: ", ")
            throw fault("tensor '\(name)' has the unknown type \(typeID)", remedy: "known are \(known)")
        }
        let columns = shape[shape.count - 1]
        guard columns % format.valuesPerBlock == 0 else {
            let block = "blocks of \(format.valuesPerBlock) (\(format.name))"
            throw fault("tensor '\(name)' has rows of \(columns) values, not whole \(block)")
        }
        var size = format.bytesPerBlock
        for extent in shape.dropLast() + [columns / format.valuesPerBlock] {
            let product = size.multipliedReportingOverflow(by: extent)
            guard !product.overflow else { throw fault("tensor '\(name)' is larger than can be: \(shape)") }
            size = product.partialValue
        }
        // A dimension of nothing makes the size 0, whatever the others claim; they could still overflow a count.
        guard size > 0 else { throw fault("tensor '\(name)' is empty: \(shape)") }
        return Listing(
            name: name, format: format, shape: shape, size: size, offset: try integer("offset of '\(name)'"))
    }

    // MARK: Values

    private mutating func valueType(_ what: String) throws(ModelError) -> ValueType {
        let id: UInt32 = try integer("type of \(what)")
        guard let type = ValueType(rawValue: id) else { throw fault("\(what) has the unknown value type \(id)") }
        return type
    }

    private mutating func value(_ type: ValueType, of what: String, depth: Int) throws(ModelError) -> GGUFValue {
        switch type {
        case .uint8: .integer(Int64(try integer(what) as UInt8))
        case .int8: .integer(Int64(try integer(what) as Int8))
        case .uint16: .integer(Int64(try integer(what) as UInt16))
        case .int16: .integer(Int64(try integer(what) as Int16))
        case .uint32: .integer(Int64(try integer(what) as UInt32))
        case .int32: .integer(Int64(try integer(what) as Int32))
        case .int64: .integer(try integer(what))
        case .uint64: try unsigned(what)
        case .float32: .float(Float(bitPattern: try integer(what)))
        case .float64: .double(Double(bitPattern: try integer(what)))
        case .bool: .bool(try bool(what))
        case .string: .string(try string(what))
        case .array: try array(what, depth: depth)
        }
    }

    private mutating func unsigned(_ what: String) throws(ModelError) -> GGUFValue {
        let value: UInt64 = try integer(what)
        return Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
    }

    private mutating func bool(_ what: String) throws(ModelError) -> Bool {
        let byte: UInt8 = try integer(what)
        guard byte <= 1 else { throw fault("\(what) is a boolean of value \(byte)") }
        return byte == 1
    }

    private mutating func array(_ what: String, depth: Int) throws(ModelError) -> GGUFValue {
        guard depth < Self.deepestArray else { throw fault("\(what) nests arrays deeper than \(Self.deepestArray)") }
        let type = try valueType("the elements of \(what)")
        let count = try count("elements of \(what)", leastBytes: type.leastBytes)
        switch type {
        case .uint8: return .integers(try integers(UInt8.self, count, what))
        case .int8: return .integers(try integers(Int8.self, count, what))
        case .uint16: return .integers(try integers(UInt16.self, count, what))
        case .int16: return .integers(try integers(Int16.self, count, what))
        case .uint32: return .integers(try integers(UInt32.self, count, what))
        case .int32: return .integers(try integers(Int32.self, count, what))
        case .int64: return .integers(try integers(Int64.self, count, what))
        case .uint64: return .unsignedIntegers(try elements(count) { r throws(ModelError) in try r.integer(what) })
        case .float32:
            return .floats(try elements(count) { r throws(ModelError) in Float(bitPattern: try r.integer(what)) })
        case .float64:
            return .doubles(try elements(count) { r throws(ModelError) in Double(bitPattern: try r.integer(what)) })
        case .bool: return .bools(try elements(count) { r throws(ModelError) in try r.bool(what) })
        case .string: return .strings(try elements(count) { r throws(ModelError) in try r.string(what) })
        case .array:
            return .arrays(try elements(count) { r throws(ModelError) in try r.array(what, depth: depth + 1) })
        }
    }

    private mutating func integers<Value: FixedWidthInteger>(
        _ type: Value.Type, _ count: Int, _ what: String
    ) throws(ModelError) -> [Int64] {
        try elements(count) { r throws(ModelError) in Int64(try r.integer(what) as Value) }
    }

    private mutating func elements<Element>(
        _ count: Int, _ element: (inout GGUFHeaderReader) throws(ModelError) -> Element
    ) throws(ModelError) -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    // MARK: Bytes

    /// A count that the rest of the file could hold, at `leastBytes` each.
    private mutating func count(_ what: String, leastBytes: Int) throws(ModelError) -> Int {
        let claimed: UInt64 = try integer("number of \(what)")
        guard claimed <= UInt64((file.count - offset) / leastBytes) else {
            throw fault("claims \(claimed) \(what), more than the file could hold")
        }
        return Int(claimed)
    }

    private mutating func integer<Value: FixedWidthInteger>(_ what: String) throws(ModelError) -> Value {
        let width = Value.bitWidth / 8
        guard width <= file.count - offset else {
            throw fault("ends inside \(what)", remedy: "the file may be cut short: fetch it again")
        }
        defer { offset += width }
        return file.withBytes(offset..<(offset + width)) { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
    }

    private mutating func string(_ what: String) throws(ModelError) -> String {
        let length: UInt64 = try integer("length of \(what)")
        guard length <= UInt64(file.count - offset) else {
            throw fault("\(what) claims a string of \(length) bytes, more than the file holds")
        }
        let range = offset..<(offset + Int(length))
        guard let text = file.withBytes(range, { String(validating: $0, as: UTF8.self) }) else {
            throw fault("\(what) holds text that is not UTF-8")
        }
        offset = range.upperBound
        return text
    }
}
