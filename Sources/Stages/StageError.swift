/// What can go wrong in the stages of the method; every text of the module is here.
public enum StageError: Error, Equatable, CustomStringConvertible {
    case malformedTemplate(name: String, problem: String)
    case invalidParameter(stage: String, name: String, problem: String)
    case duplicateJudgement(candidate: String)

    public var description: String {
        switch self {
        case .malformedTemplate(let name, let problem):
            "template '\(name)': \(problem)"
        case .invalidParameter(let stage, let name, let problem):
            "stage '\(stage)': parameter '\(name)' \(problem)"
        case .duplicateJudgement(let candidate):
            "candidate '\(candidate)' is judged more than once; give the stage the judgements of one judge stage only"
        }
    }
}
