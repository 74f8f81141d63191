internal import Pipeline

extension Stage {
    /// - Throws: `StageError.invalidParameter` unless `condition` holds.
    static func require(_ condition: Bool, _ name: String, _ problem: String) throws {
        if !condition { throw StageError.invalidParameter(stage: kind.rawValue, name: name, problem: problem) }
    }
}
