internal import Pipeline

/// The largest numbers that parameters may have. They lie far beyond use, and keep every sum and product of counts
/// within 64 bits: a pipeline file can hold any number.
enum ParameterLimit {
    /// Tokens, rows, rounds, samples of one row. A model's context is no longer than this either.
    static let count = 1 << 24
    /// Of a bootstrap.
    static let resamples = Bootstrap.fewestResamples...count
    /// Worked examples all stand in one context.
    static let workedExamples = 1024
    /// People who compare responses.
    static let raters = 1024
}

extension Stage {
    /// - Throws: `StageError.invalidParameter` unless `condition` holds.
    static func require(_ condition: Bool, _ name: String, _ problem: String) throws {
        if !condition { throw StageError.invalidParameter(stage: kind.rawValue, name: name, problem: problem) }
    }

    /// - Throws: `StageError.invalidParameter` unless `value` is in `range`.
    static func require(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws {
        try require(
            range.contains(value), name, "is \(value); it must be from \(range.lowerBound) to \(range.upperBound)")
    }
}
