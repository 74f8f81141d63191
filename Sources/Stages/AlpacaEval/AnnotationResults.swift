package import Model

/// Annotations of one model against one baseline as numbers.
package struct AnnotationResults: Sendable {
    package let tally: PreferenceTally
    private let annotations: [Annotation]

    package init(_ annotations: [Annotation]) {
        self.annotations = annotations
        tally = Self.tally(annotations)
    }

    /// Mean length of the model's outputs in code points, annotated or not: AlpacaEval's `avg_length`, which it cuts to
    /// a whole number.
    package var characters: Double? { Self.characters(annotations.map(\.model.text)) }

    /// - Parameter generator: gives the bootstrap of a measurement its random numbers.
    package func measurements(
        bootstrap: Bootstrap, generator: (_ measurement: String) -> Philox
    ) -> [Measurement] {
        let adjustment = LengthAdjustment(
            annotations.grouped(by: \.instruction).map { group in
                group.elements.compactMap { annotation in
                    annotation.share.map {
                        LengthComparison(
                            share: $0, response: annotation.model.text, baseline: annotation.baseline.text)
                    }
                }
            })
        let decided = annotations.count - tally.noVerdict
        let groups = annotations.grouped(by: \.instruction).map(\.elements)
        func interval(
            _ name: String, within bounds: ClosedRange<Double>?, _ values: (Annotation) -> Double?
        ) -> Interval? {
            var generator = generator(name)
            let samples = groups.map { group in
                group.reduce(RatioSample(0, of: 0)) { $0 + RatioSample(mean: values($1)) }
            }
            return bootstrap.interval(samples, within: bounds, generator: &generator)
        }
        return tally.measurements(bootstrap: bootstrap, generator: generator) + [
            Measurement(
                name: "discrete_win_rate", value: tally.discreteRate, count: decided,
                interval: interval("discrete_win_rate", within: 0...1) { $0.share.map(PreferenceTally.discrete) },
                note: "(wins + ties / 2) of the comparisons with an outcome; the interval is over prompts"),
            Measurement(
                name: "standard_error", value: tally.standardError, count: decided,
                note: "of win_rate, as AlpacaEval gives it"),
            adjustment.measurement(bootstrap: bootstrap, generator: generator("length_controlled_minimal")),
            Measurement(
                name: "characters", value: characters, count: annotations.count,
                interval: interval("characters", within: nil) { Self.characters([$0.model.text]) },
                note: "mean length of an output"),
            Measurement(
                name: "baseline_characters", value: Self.characters(annotations.map(\.baseline.text)),
                count: annotations.count,
                interval: interval("baseline_characters", within: nil) { Self.characters([$0.baseline.text]) },
                note: "mean length of a baseline's output"),
        ] + byDataset(bootstrap, generator)
    }

    /// The win rate on the instructions of each data set, where there are several.
    private func byDataset(_ bootstrap: Bootstrap, _ generator: (String) -> Philox) -> [Measurement] {
        let groups = annotations.filter { $0.dataset != nil }.grouped { $0.dataset ?? "" }.sorted { $0.key < $1.key }
        guard groups.count > 1 else { return [] }
        return groups.flatMap { dataset, annotations in
            let name = "win_rate/dataset/\(dataset)"
            return Self.tally(annotations).measurements(bootstrap: bootstrap) { _ in generator(name) }.prefix(1)
                .map { rate in
                    Measurement(
                        name: name, value: rate.value, count: rate.count,
                        interval: rate.lower.flatMap { lower in rate.upper.map { Interval(lower: lower, upper: $0) }
                        },
                        note: "the same, of the instructions from '\(dataset)'")
                }
        }
    }

    private static func tally(_ annotations: [Annotation]) -> PreferenceTally {
        PreferenceTally(annotations.map { .init(prompt: $0.instruction, share: $0.share) })
    }

    private static func characters(_ texts: [String]) -> Double? {
        mean(texts.map { Double($0.unicodeScalars.count) })
    }
}
