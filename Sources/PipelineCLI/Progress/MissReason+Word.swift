internal import Pipeline

extension MissReason {
    /// One word for scripts.
    var word: String {
        switch self {
        case .neverRan: "never-ran"
        case .parameterChanged: "parameter-changed"
        case .inputChanged: "input-changed"
        case .seedChanged: "seed-changed"
        case .stageVersionChanged: "stage-version-changed"
        case .numericsChanged: "numerics-changed"
        case .saltChanged: "salt-changed"
        case .codeChanged: "code-changed"
        case .outputMissing: "output-missing"
        case .outputDamaged: "output-damaged"
        case .forced: "forced"
        case .cachingOff: "caching-off"
        case .readingOff: "reading-off"
        }
    }
}
