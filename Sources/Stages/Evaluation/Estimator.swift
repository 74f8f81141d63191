package import Model
internal import Pipeline

/// Takes measurements with their intervals. Each draws random numbers of its own, so that one more changes no other.
package struct Estimator {
    package let bootstrap: Bootstrap
    private let generator: (_ measurement: String) -> Philox

    /// - Parameter generator: the random numbers for the interval of a measurement.
    package init(_ bootstrap: Bootstrap, generator: @escaping (_ measurement: String) -> Philox) {
        self.bootstrap = bootstrap
        self.generator = generator
    }

    /// A share or a mean; its count is the sum of the denominators.
    /// - Parameter bounds: between which the ratio of any item lies; nil where nothing bounds it.
    package func ratio(
        _ name: String, _ samples: [RatioSample], within bounds: ClosedRange<Double>? = 0...1, _ note: String
    ) -> Measurement {
        var generator = generator(name)
        let value = RatioSample.ratio(samples)
        return Measurement(
            name: name, value: value, count: Int(samples.reduce(0) { $0 + $1.denominator }),
            interval: value == nil ? nil : bootstrap.interval(samples, within: bounds, generator: &generator),
            note: note)
    }

    /// Any statistic of instructions.
    /// - Parameters:
    ///   - parts: of each instruction what the statistic is computed from.
    ///   - count: of how many things it is taken, as the note says.
    ///   - isInformative: whether a part can change the statistic; with fewer than two of these there is no interval.
    func statistic<Part>(
        _ name: String, _ parts: [Part], count: Int, _ note: String, isInformative: (Part) -> Bool,
        _ value: ([Part]) -> Double?
    ) -> Measurement {
        var generator = generator(name)
        let whole = value(parts)
        let hasInterval = whole != nil && parts.count { isInformative($0) } >= 2
        return Measurement(
            name: name, value: whole, count: count,
            interval: hasInterval
                ? bootstrap.interval(drawnFrom: parts.count, generator: &generator) { drawn in
                    value(drawn.map { parts[$0] })
                } : nil,
            note: note)
    }

    /// By how much the second of two ratios over the same instructions is larger than the first, and how likely so large a
    /// difference would be if it did not matter whose sample is whose.
    /// - Parameter bounds: between which either ratio of any instruction lies; nil where nothing bounds it.
    func change(
        _ name: String, _ samples: PairedSamples, within bounds: ClosedRange<Double>? = 0...1, permutations: Int,
        _ note: String
    ) -> [Measurement] {
        var resampling = generator(name), flipping = generator(name + "/p")
        let difference = samples.difference
        return [
            Measurement(
                name: name, value: difference, count: samples.instructions,
                interval: difference == nil
                    ? nil : samples.interval(bootstrap, within: bounds, generator: &resampling), note: note),
            Measurement(
                name: name + "/p", value: samples.randomizationTest(permutations, generator: &flipping),
                count: samples.differing,
                note: "two-sided, over the instructions in which the two differ, whose samples are exchanged"),
        ]
    }
}

extension StageContext {
    /// Takes measurements with intervals of so many resamples, each with the random numbers of this stage and its own name.
    func estimator(resamples: Int) -> Estimator {
        Estimator(Bootstrap(resamples: resamples)) { Philox(key: seed.child($0, "bootstrap").key) }
    }
}
