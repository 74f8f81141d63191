/// Typed access to a GGUF file's metadata, with errors that name the key.
struct GGUFMetadata {
    private let gguf: GGUFFile

    init(_ gguf: GGUFFile) { self.gguf = gguf }

    subscript(key: String) -> GGUFValue? { gguf.metadata[key] }

    private func wrong(_ key: String, _ kind: String) -> ModelError {
        .file(name: gguf.file.name, problem: "metadata key '\(key)' is not \(kind)")
    }

    private func require<Value>(_ key: String, _ value: Value?) throws(ModelError) -> Value {
        guard let value else { throw .file(name: gguf.file.name, problem: "lacks the metadata key '\(key)'") }
        return value
    }

    func string(_ key: String) throws(ModelError) -> String { try require(key, try optionalString(key)) }
    func integer(_ key: String) throws(ModelError) -> Int { try require(key, try optionalInteger(key)) }
    func double(_ key: String) throws(ModelError) -> Double { try require(key, try optionalDouble(key)) }

    func optionalString(_ key: String) throws(ModelError) -> String? {
        switch self[key] {
        case nil: nil
        case .string(let value): value
        default: throw wrong(key, "a text")
        }
    }

    func optionalInteger(_ key: String) throws(ModelError) -> Int? {
        switch self[key] {
        case nil: nil
        case .integer(let value): Int(value)
        default: throw wrong(key, "a single whole number")
        }
    }

    func optionalBool(_ key: String) throws(ModelError) -> Bool? {
        switch self[key] {
        case nil: nil
        case .bool(let value): value
        default: throw wrong(key, "a boolean")
        }
    }

    /// A 32-bit value is read as the shortest decimal that means it: 1e-05, not 9.999999747378752e-06.
    func optionalDouble(_ key: String) throws(ModelError) -> Double? {
        switch self[key] {
        case nil: return nil
        case .float(let value):
            guard let widened = Double("\(value)") else { throw wrong(key, "a number") }
            return widened
        case .double(let value): return value
        default: throw wrong(key, "a number")
        }
    }

    func optionalStrings(_ key: String) throws(ModelError) -> [String]? {
        switch self[key] {
        case nil: nil
        case .strings(let values): values
        default: throw wrong(key, "a list of texts")
        }
    }

    func optionalIntegers(_ key: String) throws(ModelError) -> [Int64]? {
        switch self[key] {
        case nil: nil
        case .integers(let values): values
        default: throw wrong(key, "a list of whole numbers")
        }
    }

    func optionalFloats(_ key: String) throws(ModelError) -> [Float]? {
        switch self[key] {
        case nil: nil
        case .floats(let values): values
        default: throw wrong(key, "a list of numbers")
        }
    }
}
