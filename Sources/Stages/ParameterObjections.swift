package import Model
internal import Pipeline

extension StageError: ParameterObjection {
    package var objection: (parameter: String, problem: String)? {
        guard case .invalidParameter(_, let name, let problem) = self else { return nil }
        return (name, problem)
    }
}

/// Some settings are handed on to the model, which checks them, under the names that pipeline files use.
extension ModelError: ParameterObjection {
    package var objection: (parameter: String, problem: String)? {
        guard case .configuration(let field, let problem) = self else { return nil }
        return (field, problem)
    }
}
