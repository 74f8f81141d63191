/// What can go wrong in the stages of the method; every text of the module is here.
public enum StageError: Error, Equatable, CustomStringConvertible {
    case malformedTemplate(name: String, problem: String)
    case invalidParameter(stage: String, name: String, problem: String)

    public var description: String {
        switch self {
        case .malformedTemplate(let name, let problem):
            "template '\(name)': \(problem)"
        case .invalidParameter(let stage, let name, let problem):
            "stage '\(stage)': parameter '\(name)' \(problem)"
        }
    }
}
