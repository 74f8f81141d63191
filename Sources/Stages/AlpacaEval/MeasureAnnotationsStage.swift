internal import Artifacts
internal import Model
package import Pipeline

/// `alpaca-eval`: the win rate of a model from AlpacaEval's annotations (paper §3.2.1, Table 1): what the official tool
/// computes of the same file, and intervals.
package struct MeasureAnnotationsStage: Stage {
    package struct Parameters: StageParameters {
        /// The model to measure; null where the file has one.
        package var generator: String?
        /// Bootstrap resamples behind each interval. AlpacaEval gives a standard error.
        package var resamples = 2000

        package init() {}
    }

    package static let kind: StageKind = "alpaca-eval"
    package static let version = 2
    package static let numerics = ModelNumerics.current
    package static let inputs = [Port("annotations", schema: ArtifactReference.blobSchema, acceptsMany: true)]
    package static let outputs = [Port("measurements", schema: Measurement.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let files = try inputs.namedBlobs("annotations")
        let annotations = try chosen(files.flatMap { try AnnotationFile.read($0.url, name: $0.name) })
        let bootstrap = Bootstrap(resamples: parameters.resamples)
        let results = AnnotationResults(annotations)
        if results.tally.noVerdict == annotations.count {
            context.warn("no annotation has a preference; there is no win rate")
        }
        let measurements = results.measurements(bootstrap: bootstrap) {
            Philox(key: context.seed.child("bootstrap", $0).key)
        }
        return StageOutputs(
            ["measurements": try context.write(measurements, to: "measurements")],
            summary: .object([
                "annotations": .count(annotations.count),
                "model": .string(annotations[0].model.generator),
                "baseline": .string(annotations[0].baseline.generator),
                "wins": .count(results.tally.wins), "ties": .count(results.tally.ties),
                "losses": .count(results.tally.losses), "no_verdict": .count(results.tally.noVerdict),
                "measurements": .measurements(measurements),
            ]))
    }

    /// The annotations of the model that is asked for: of one at least, and all of one model and one baseline.
    private func chosen(_ all: [Annotation]) throws -> [Annotation] {
        let models = Set(all.map(\.model.generator)).sorted()
        let generator: String
        if let wanted = parameters.generator {
            try Self.require(
                models.contains(wanted), "generator",
                "is '\(wanted)'; the annotations are of \(Self.list(models))")
            generator = wanted
        } else {
            try Self.require(
                models.count <= 1, "generator",
                "must say which model is meant; the annotations are of \(Self.list(models))")
            generator = models.first ?? ""
        }
        let chosen = all.filter { $0.model.generator == generator }
        let baselines = Set(chosen.map(\.baseline.generator)).sorted()
        guard baselines.count == 1 else {
            throw StageError.unreadable(
                file: "annotations",
                problem: baselines.isEmpty
                    ? "hold no rows; give annotations of AlpacaEval"
                    : "compare '\(generator)' with several baselines, \(Self.list(baselines)); give those of one")
        }
        return chosen
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
        return names.isEmpty ? "none" : names.count > 6 ? shown + ", …" : shown
    }
}
