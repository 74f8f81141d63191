/// One step of a pipeline: a pure function from verified artifacts and parameters to artifacts.
///
/// A stage sees its inputs and its context and nothing else: no path, clock, environment or other stage.
/// Everything it can read is in its key, so an equal key means an equal result.
public protocol Stage: Sendable {
    associatedtype Parameters: StageParameters

    /// The word for this stage in a pipeline file, and part of its key.
    static var kind: StageKind { get }
    /// Raised in the commit that makes the same inputs give other outputs; part of the key.
    static var version: Int { get }
    static var inputs: [Port] { get }
    static var outputs: [Port] { get }
    /// False for a stage that draws no random number; its key then holds no seed.
    static var usesSeed: Bool { get }
    static var numerics: Numerics { get }
    static var weight: StageWeight { get }

    /// Checks the parameters: throws before anything runs.
    init(parameters: Parameters) throws

    /// The input whose rows are worked on one by one: each gives equally many rows of the one output, whatever rows
    /// stand beside it. Nil for a stage that, with its parameters, looks at its inputs as a whole.
    var rowPort: String? { get }

    /// Computes the outputs. Runs on a thread of its own, so it may compute for long without suspending, but should
    /// call `context.checkCancellation()` at each record or step.
    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs
}

extension Stage {
    public static var usesSeed: Bool { false }
    public static var numerics: Numerics { .exact }
    public static var weight: StageWeight { .light }
    public var rowPort: String? { nil }
}

/// What a pipeline file may set for a stage. The defaults stand in the declaration, each with its source.
public protocol StageParameters: Codable, Sendable {
    init()
}

/// The parameters of a stage that has none.
public struct NoParameters: StageParameters {
    public init() {}
}

/// The name of a kind of stage, as pipeline files write it: `judge`, `import-model`.
public struct StageKind: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    public init(stringLiteral value: String) { rawValue = value }

    public var description: String { rawValue }
}

/// What a stage promises about its arithmetic; part of its key.
public enum Numerics: Hashable, Sendable, CustomStringConvertible {
    /// Text and integer work: the same on every machine.
    case exact
    /// Floating-point kernels of a generation, which is raised when a kernel's rounding changes.
    case float(generation: Int)

    public var description: String {
        switch self {
        case .exact: "exact"
        case .float(let generation): "float;kernels=\(generation)"
        }
    }
}

/// How much of the machine a stage takes while it runs. Never part of a key.
public enum StageWeight: Hashable, Sendable {
    /// One core; several run beside each other.
    case light
    /// All cores, and a model in memory; nothing runs beside it.
    case heavy
}
