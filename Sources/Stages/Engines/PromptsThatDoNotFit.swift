internal import Pipeline

extension StageContext {
    /// Warns of texts that were not generated because their prompts leave the model's context no room.
    /// - Parameter unit: what the texts are, in the plural.
    func warnOfPromptsThatDoNotFit(_ finishes: [Finish], unit: String) {
        let missing = finishes.count { $0 == .doesNotFit }
        if missing > 0 {
            warn("\(missing) of \(finishes.count) \(unit) are missing: their prompts do not fit the model's context")
        }
    }
}
