public import Foundation

/// How an audit runs stages: deliberately not as a run does. None of it may change a byte.
public struct AuditOptions: Sendable {
    /// How the stages compute.
    public var execution: ExecutionOptions
    /// The share of the rows of a row-wise stage that is computed again, above 0; 1 for all.
    public var share: Double
    /// Which rows those are.
    public var seed: UInt64
    /// The largest relative difference of numbers that counts as close.
    public var tolerance: Double
    /// The largest relative difference between two blobs of numbers; nil where they cannot be compared so.
    public var blobDifference: @Sendable (_ stored: URL, _ computed: URL) -> Double?

    public init(
        execution: ExecutionOptions, share: Double = 1, seed: UInt64 = 0, tolerance: Double = 1e-4,
        blobDifference: @escaping @Sendable (_ stored: URL, _ computed: URL) -> Double? = { _, _ in nil }
    ) {
        self.execution = execution
        self.share = share
        self.seed = seed
        self.tolerance = tolerance
        self.blobDifference = blobDifference
    }
}

/// What an audit found out about one stage.
public struct StageAudit: Sendable {
    public enum Outcome: Sendable {
        case compared([AuditedOutput])
        /// There is no result to compare with.
        case noResult(reason: String)
        /// The store does not hold what it says: the result itself, or an input.
        case damaged(message: String)
        /// It did not come to an end this time.
        case failed(message: String)
    }

    public let stage: String
    public let kind: StageKind
    public let outcome: Outcome
    /// Rows of the row-wise input that were worked on, and how many there are; nil where all inputs were used.
    public let sample: (rows: Int, of: Int)?
    /// Wall time.
    public let seconds: Double

    public var isReproduced: Bool {
        if case .compared(let outputs) = outcome { outputs.allSatisfy { $0.verdict == .identical } } else { false }
    }
}

/// One output of an audited stage.
public struct AuditedOutput: Sendable {
    public let port: String
    /// Rows compared.
    public let rows: Int
    public let verdict: AuditVerdict
}
