/// Tells whether a text is one that models are evaluated on, or too much like one.
///
/// Three tests, the surest first: the same text; a run of words in common (GPT-3's rule, of 13 words: Brown et al.,
/// 2020, appendix C); and ROUGE-L, as Self-Instruct keeps its tasks apart. Texts shorter than the run have none to share,
/// and are left to the two others.
package struct ContaminationCheck {
    package enum Reason: String, CaseIterable {
        case clean
        /// But for case and white space.
        case sameText = "same-text"
        /// As many words in a row as the rule says.
        case sharedRun = "shared-run"
        case similar
    }

    package struct Finding: Equatable {
        package let reason: Reason
        /// The evaluation set.
        package let set: String
        /// What was found, and where.
        package let detail: String

        package init(reason: Reason, set: String, detail: String) {
            self.reason = reason
            self.set = set
            self.detail = detail
        }
    }

    /// An item, as findings name it.
    private struct Place {
        let set: String
        let item: String
        var description: String { "\(set), \(item)" }
    }

    private let runLength: Int
    private let maximumSimilarity: Double
    private var places: [Place] = []
    private var texts: [String: Int] = [:]
    private var runs: [ArraySlice<String>: Int] = [:]
    private var similarity = SimilarityPool()

    /// - Parameters:
    ///   - runLength: how many words in a row must not be shared.
    ///   - maximumSimilarity: the ROUGE-L F1 above which a text is too similar. Exactly this much passes.
    package init(_ sets: [EvaluationSet], runLength: Int, maximumSimilarity: Double) {
        self.runLength = runLength
        self.maximumSimilarity = maximumSimilarity
        for set in sets {
            for item in set.items { remember(item, of: set.name) }
        }
    }

    private mutating func remember(_ item: EvaluationSet.Item, of set: String) {
        let number = places.count
        places.append(Place(set: set, item: item.place))
        if texts[item.text.promptKey] == nil { texts[item.text.promptKey] = number }
        for run in runs(of: item.text) where runs[run] == nil { runs[run] = number }
        similarity.insert(id: String(number), text: item.text)
    }

    /// Nil for a text that may be trained on.
    package func finding(in text: String) -> Finding? {
        if let number = texts[text.promptKey] {
            return finding(.sameText, places[number], "the text of \(places[number].description)")
        }
        for run in runs(of: text) {
            guard let number = runs[run] else { continue }
            return finding(
                .sharedRun, places[number], "'\(run.joined(separator: " "))' as in \(places[number].description)")
        }
        guard let match = similarity.nearest(to: text, above: maximumSimilarity), let number = Int(match.id) else {
            return nil
        }
        return finding(.similar, places[number], "\(match.similarity) to \(places[number].description)")
    }

    private func finding(_ reason: Reason, _ place: Place, _ detail: String) -> Finding {
        Finding(reason: reason, set: place.set, detail: detail)
    }

    /// All runs of words of a text. Case and punctuation do not count; letters and digits of any script do.
    private func runs(of text: String) -> [ArraySlice<String>] {
        let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        guard words.count >= runLength else { return [] }
        return (0...words.count - runLength).map { words[$0..<$0 + runLength] }
    }
}
