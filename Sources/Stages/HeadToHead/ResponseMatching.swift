internal import Artifacts
internal import Pipeline

extension StageInputs {
    /// The k-th response of `candidates` to a prompt against the k-th of `baseline`.
    /// - Throws: `StageError.repeatedResponse` where a port has two responses of a prompt with one number.
    func responseMatches(_ context: StageContext) throws -> [ResponseMatch] {
        struct Place: Hashable {
            let prompt: String
            let index: Int
        }
        let candidates = try rows("candidates", as: Candidate.self)
        let baseline = try rows("baseline", as: Candidate.self)
        var counterparts: [Place: Candidate] = [:]
        for candidate in baseline {
            guard
                counterparts.updateValue(candidate, forKey: Place(prompt: candidate.promptID, index: candidate.index))
                    == nil
            else {
                throw StageError.repeatedResponse(
                    port: "baseline", prompt: candidate.promptID, index: candidate.index)
            }
        }
        var seen: Set<Place> = []
        let matches = try candidates.compactMap { candidate -> ResponseMatch? in
            let place = Place(prompt: candidate.promptID, index: candidate.index)
            guard seen.insert(place).inserted else {
                throw StageError.repeatedResponse(
                    port: "candidates", prompt: candidate.promptID, index: candidate.index)
            }
            return counterparts[place].map { ResponseMatch(first: candidate, second: $0) }
        }
        if matches.isEmpty {
            context.warn("no prompt has a response of both models; sample both from the same prompts")
        } else if matches.count < max(candidates.count, baseline.count) {
            context.warn(
                "\(matches.count) matches of \(candidates.count) candidates and \(baseline.count) of the baseline: the others "
                    + "have no counterpart")
        }
        return matches
    }
}
