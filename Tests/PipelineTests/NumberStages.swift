import Artifacts
import Foundation
import Pipeline
import Synchronization

/// Foundation has a `Port` as well; a name of this module goes before both.
typealias Port = Pipeline.Port

/// A row of the little world these tests run pipelines in: stages that do integer arithmetic.
struct NumberRow: Record, Equatable {
    static let schema = RecordSchema("number", version: 1)
    var id: String
    var value: Int

    init(_ position: Int, _ value: Int) {
        id = RecordID.derive("number", [.integer(Int64(position)), .integer(Int64(value))])
        self.value = value
    }
}

/// A row that says that a number was dropped.
struct DroppedRow: Record {
    static let schema = RecordSchema("dropped", version: 1)
    var id: String
    var reason: String
}

enum NumberStages {
    static let registry = StageRegistry([
        ConstantStage.self, AddStage.self, ScaleStage.self, ModuloStage.self, SumStage.self, ReadStage.self,
        DrawStage.self, SquareStage.self, FragileStage.self, PatientStage.self, FolderStage.self, LoadStage.self,
        CarryStage.self, WeighStage.self, FickleStage.self, LightStage.self, HeavyStage.self, StallingStage.self,
        MoodyStage.self,
    ])

    static func write(_ values: [Int], to port: String, _ context: StageContext) throws -> StageOutputs {
        let rows = values.enumerated().map { NumberRow($0, $1) }
        return StageOutputs(
            [port: try context.write(rows, to: port)], summary: ["rows": .integer(Int64(rows.count))])
    }
}

/// Gives the numbers of its parameters.
struct ConstantStage: Stage {
    struct Parameters: StageParameters {
        var values: [Int] = [1, 2, 3]
    }
    static let kind: StageKind = "constant"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        if parameters.values.isEmpty { context.warn("no values") }
        return try NumberStages.write(parameters.values, to: "numbers", context)
    }
}

/// What a stage finds wrong with one of its parameters.
struct WrongNumber: ParameterObjection {
    let objection: (parameter: String, problem: String)?
    init(_ parameter: String, _ problem: String) { objection = (parameter, problem) }
}

struct AddStage: Stage {
    struct Parameters: StageParameters {
        var amount = 1
    }
    static let kind: StageKind = "add"
    static let version = 3
    static let inputs = [Port("numbers", schema: "number/1")]
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let values = try inputs.rows("numbers", as: NumberRow.self).map { $0.value + parameters.amount }
        return try NumberStages.write(values, to: "numbers", context)
    }
}

/// Has a parameter of every type, and refuses one value.
struct ScaleStage: Stage {
    enum Rounding: String, Codable, Sendable { case down, up }
    struct Bounds: Codable, Sendable {
        var low = 0
        var high: Int?
    }
    struct Parameters: StageParameters {
        var factor = 2.0
        var repeats = 1
        var label = ""
        var note: String?
        var isExact = true
        var rounding = Rounding.down
        var bounds = Bounds()
        var steps: [Double] = []
        var weights: [String: Double] = [:]
    }
    static let kind: StageKind = "scale"
    static let version = 1
    static let inputs = [Port("numbers", schema: "number/1")]
    static let outputs = [Port("numbers", schema: "number/1")]
    static let numerics = Numerics.float(generation: 2)
    let parameters: Parameters

    init(parameters: Parameters) throws {
        guard parameters.factor != 0 else { throw FakeError("factor 0 would lose every number") }
        self.parameters = parameters
    }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let values = try inputs.rows("numbers", as: NumberRow.self).map { Int(Double($0.value) * parameters.factor) }
        return try NumberStages.write(values, to: "numbers", context)
    }
}

/// Gives the same numbers for many inputs, so that a change upstream can end here.
struct ModuloStage: Stage {
    struct Parameters: StageParameters {
        var divisor = 2
    }
    static let kind: StageKind = "modulo"
    static let version = 1
    static let inputs = [Port("numbers", schema: "number/1")]
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters

    init(parameters: Parameters) throws {
        guard parameters.divisor != 0 else { throw WrongNumber("divisor", "is 0; it must be another number") }
        self.parameters = parameters
    }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let values = try inputs.rows("numbers", as: NumberRow.self).map { $0.value % parameters.divisor }
        return try NumberStages.write(values, to: "numbers", context)
    }
}

/// Adds up the rows of several inputs, in their order, and has two outputs.
struct SumStage: Stage {
    typealias Parameters = NoParameters
    static let kind: StageKind = "sum"
    static let version = 1
    static let inputs = [
        Port("terms", schema: "number/1", acceptsMany: true), Port("extra", schema: "number/1", isOptional: true),
    ]
    static let outputs = [Port("total", schema: "number/1"), Port("ledger", schema: "dropped/1", isOptional: true)]
    init(parameters: NoParameters) {}

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let extra = try inputs.optionalRows("extra", as: NumberRow.self) ?? []
        let terms = try inputs.rows("terms", as: NumberRow.self) + extra
        return try NumberStages.write(terms.map(\.value), to: "total", context)
    }
}

/// Reads numbers from the lines of a source, which it refuses for any other line, and while its tag is in trouble.
struct ReadStage: Stage {
    struct Parameters: StageParameters {
        var tag = ""
    }
    static let kind: StageKind = "read"
    static let version = 1
    static let inputs = [Port("file", schema: "blob")]
    static let outputs = [Port("numbers", schema: "number/1")]
    private let tag: String
    init(parameters: Parameters) { tag = parameters.tag }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let text = try String(contentsOf: inputs.blob("file"), encoding: .utf8)
        let numbers = try text.split(separator: "\n").map { line in
            guard let number = Int(line) else { throw FakeError("'\(line)' is no number") }
            return number
        }
        if Trouble.isDue(tag, at: 0) { throw FakeError("it broke") }
        return try NumberStages.write(numbers, to: "numbers", context)
    }
}

/// Gives the number of bytes of each file of a folder.
struct FolderStage: Stage {
    typealias Parameters = NoParameters
    static let kind: StageKind = "folder"
    static let version = 1
    static let inputs = [Port("folder", schema: "blob", alternatives: ["folder/1"])]
    static let outputs = [Port("numbers", schema: "number/1")]
    init(parameters: NoParameters) {}

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let files = try inputs.files("folder").sorted { $0.key < $1.key }
        let sizes = try files.map { try String(contentsOf: $0.value, encoding: .utf8).utf8.count }
        return try NumberStages.write(sizes, to: "numbers", context)
    }
}

/// Draws a number from its seed.
struct DrawStage: Stage {
    typealias Parameters = NoParameters
    static let kind: StageKind = "draw"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    static let usesSeed = true
    init(parameters: NoParameters) {}

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        try NumberStages.write([Int(context.seed.child("draw").key >> 40)], to: "numbers", context)
    }
}

/// Squares numbers shard by shard, and can be told to fail on its way.
struct SquareStage: Stage {
    struct Parameters: StageParameters {
        var count = 10
        /// Tells tests that run at the same time apart.
        var tag = ""
    }
    static let kind: StageKind = "square"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    static let weight = StageWeight.heavy
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rows = try await context.shards("squares", of: NumberRow.self, items: parameters.count) { range in
            if Trouble.isDue(parameters.tag, at: range.lowerBound) { throw FakeError("the lights went out") }
            return range.map { NumberRow($0, $0 * $0) }
        }
        return StageOutputs(["numbers": try context.write(rows, to: "numbers")])
    }
}

/// Fails as long as its tag is in trouble.
struct FragileStage: Stage {
    struct Parameters: StageParameters {
        var tag = ""
        /// What it does wrong: nothing, `throw`, `forget` an output, or claim another `schema`.
        var fault = ""
    }
    static let kind: StageKind = "fragile"
    static let version = 1
    static let inputs = [Port("numbers", schema: "number/1", isOptional: true)]
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        if parameters.fault == "throw" || Trouble.isDue(parameters.tag, at: 0) { throw FakeError("it broke") }
        if parameters.fault == "forget" { return StageOutputs([:]) }
        return try NumberStages.write([7], to: "numbers", context)
    }
}

/// Goes on until it is stopped.
struct PatientStage: Stage {
    struct Parameters: StageParameters {
        /// How often it looks whether it is to stop before it ends by itself.
        var looks = 1_000_000
    }
    static let kind: StageKind = "patient"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        context.progress(0, of: nil, unit: "looks")
        for _ in 0..<parameters.looks {
            try context.checkCancellation()
            try await Task.sleep(for: .milliseconds(1))
        }
        return try NumberStages.write([1], to: "numbers", context)
    }
}

struct FakeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What is to go wrong, by tag: how many more times, and from which item on.
enum Trouble {
    private static let due = Mutex<[String: (times: Int, from: Int)]>([:])

    static func cause(_ tag: String, times: Int = .max, from item: Int = 0) {
        due.withLock { $0[tag] = (times, item) }
    }

    static func end(_ tag: String) { due.withLock { $0[tag] = nil } }

    static func isDue(_ tag: String, at item: Int) -> Bool {
        due.withLock { due in
            guard let trouble = due[tag], item >= trouble.from, trouble.times > 0 else { return false }
            due[tag] = (trouble.times - 1, trouble.from)
            return true
        }
    }
}
