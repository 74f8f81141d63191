internal import Artifacts
package import Model
package import Pipeline

/// `map-texts`: where the texts of several sets of data lie to each other (paper §3.2.1, A.1: IFT, EFT and generated data in
/// one picture), how diverse each set is, and how far they overlap.
///
/// The paper does not say what its embedding is. Here it is a model's own: `TextEmbedder`.
package struct MapTextsStage: Stage {
    package struct Parameters: StageParameters {
        enum CodingKeys: String, CodingKey {
            case groups, of, limit, method, perplexity, iterations, pairs, resamples, precision
            case maxTokens = "max_tokens", learningRate = "learning_rate"
        }

        /// The name of each input of `texts`, in the order in which they are connected; inputs of one name are one group.
        /// By default `group-1` and so on.
        package var groups: [String] = []
        package var of = TextPart.prompt
        /// Texts of a group, at most; of more, so many are drawn by lot. A map takes `mostTexts` in all.
        package var limit = 500
        /// Tokens of a text that are read; what is cut is counted.
        package var maxTokens = 512
        package var method = MapMethod.tsne
        /// How many neighbours a text has, so to speak: van der Maaten and Hinton (2008) advise 5 to 50.
        package var perplexity = 30.0
        /// As `TSNE.Options`, for both.
        package var iterations = 1000
        package var learningRate: Double?
        /// Of a group, compared by ROUGE-L.
        package var pairs = 5000
        /// Bootstrap resamples behind each interval.
        package var resamples = 2000
        /// Of matrix products' factors: see `Precision`.
        package var precision = Precision.bfloat16

        package init() {}
    }

    package static let kind: StageKind = "map-texts"
    package static let version = 2
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        Port("model", schema: CheckpointFile.schema.description), TextRows.port("texts"),
    ]
    package static let outputs = [
        Port("points", schema: TextPoint.schema.description),
        Port("measurements", schema: Measurement.schema.description),
    ]

    /// Distances and probabilities of all pairs are held, 256 MiB for so many texts.
    static let mostTexts = 4000

    let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        try Self.require(parameters.limit, in: 1...Self.mostTexts, "limit")
        try Self.require(parameters.maxTokens, in: 1...ParameterLimit.count, "max_tokens")
        try Self.require(parameters.iterations, in: 1...100_000, "iterations")
        try Self.require(parameters.pairs, in: 1...1_000_000, "pairs")
        try Self.require(parameters.resamples, in: ParameterLimit.resamples, "resamples")
        try Self.require(
            parameters.perplexity >= 1 && parameters.perplexity <= Double(Self.mostTexts), "perplexity",
            "is \(parameters.perplexity); it must be from 1 to \(Self.mostTexts)")
        if let rate = parameters.learningRate {
            try Self.require(rate > 0 && rate <= 1e6, "learning_rate", "is \(rate); it must be above 0, to 1000000")
        }
        for name in parameters.groups { try Self.check(name) }
    }

    private static func check(_ name: String) throws {
        let isPlain = name.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_-".unicodeScalars.contains(scalar))
        }
        try require(
            !name.isEmpty && name.count <= 40 && isPlain, "groups",
            "holds '\(name.prefix(40))'; a name is 1 to 40 letters, digits, '-' or '_', since names of measurements begin "
                + "with it")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let selection = try select(inputs, context)
        let texts = selection.texts
        let pool = WorkerPool(threads: context.execution.threads)
        var cut = 0
        var map: TextMap?
        var measurements: [Measurement] = []
        let bootstrap = Bootstrap(resamples: parameters.resamples)
        if !texts.isEmpty {
            let embedded = try await embed(texts, try context.model("model", of: inputs), context, pool)
            cut = embedded.count { $0.isCut }
            let vectors = RowMatrix(embedded.map(\.vector))
            let distances = vectors.squaredDistances(pool)
            let made = try TextMap(vectors, distances: distances, parameters, context: context, pool: pool)
            made.warnings.forEach(context.warn)
            map = made
            let overlap = GroupOverlap(groups: texts.map(\.group), distances: distances, bootstrap: bootstrap) {
                Philox(key: context.seed.child($0, $1).key)
            }
            measurements += made.measurements + overlap.measurements(of: selection.groups)
        }
        for group in selection.groups {
            let diversity = TextDiversity(
                texts.filter { $0.group == group }.map(\.text), mostPairs: parameters.pairs, bootstrap: bootstrap
            ) { Philox(key: context.seed.child($0, "bootstrap").key) }
            measurements += diversity.measurements(of: group)
        }
        let points = zip(texts, map?.places ?? []).map { TextPoint($0, x: $1.x, y: $1.y) }
        return StageOutputs(
            [
                "points": try context.write(points, to: "points"),
                "measurements": try context.write(measurements, to: "measurements"),
            ],
            summary: summary(selection, cut: cut, map, measurements))
    }

    private func summary(
        _ selection: TextSelection, cut: Int, _ map: TextMap?, _ measurements: [Measurement]
    ) -> JSONValue {
        var counts: [String: Int] = [:]
        for group in selection.groups { counts[group] = 0 }
        for text in selection.texts { counts[text.group, default: 0] += 1 }
        return .object([
            "texts": .counts(counts), "empty": .counts(selection.empty), "repeated": .counts(selection.repeated),
            "over_limit": .counts(selection.overLimit), "cut": .count(cut),
            "perplexity": .number(map?.perplexity), "measurements": .measurements(measurements),
        ])
    }

    // MARK: Texts

    private func select(_ inputs: StageInputs, _ context: StageContext) throws -> TextSelection {
        let count = inputs.references("texts").count
        try Self.require(
            parameters.groups.isEmpty || parameters.groups.count == count, "groups",
            "has \(parameters.groups.count) names for \(count) inputs of 'texts'; an output that its stage leaves out is no "
                + "input")
        let rows = try (0..<count).map { index in
            guard let texts = try TextRows.read(parameters.of, "texts", at: index, of: inputs) else {
                throw StageError.noSuchText(
                    port: "texts[\(index)]", schema: inputs.references("texts")[index].schema,
                    part: parameters.of.rawValue)
            }
            return (group: parameters.groups.isEmpty ? "group-\(index + 1)" : parameters.groups[index], texts: texts)
        }
        let selection = TextSelection(rows, limit: parameters.limit, seed: context.seed)
        let total = selection.texts.count
        try Self.require(
            total <= Self.mostTexts, "limit",
            "leaves \(total) texts of \(selection.groups.count) groups, and a map takes \(Self.mostTexts); set it to "
                + "\(Self.mostTexts / max(selection.groups.count, 1)) or less")
        for group in selection.groups {
            if !selection.texts.contains(where: { $0.group == group }) {
                context.warn("group '\(group)' has no texts; it is not on the map")
            } else if let empty = selection.empty[group], empty > 0 {
                context.warn("group '\(group)': \(empty) texts are empty and not on the map")
            }
        }
        return selection
    }
}

// MARK: Vectors

extension MapTextsStage {
    /// A text's vector, as it is kept in staging.
    struct EmbeddedText: Record {
        static let schema = RecordSchema("embedded-text", version: 1)

        let id: String
        let isCut: Bool
        let vector: [Double]
    }

    private func embed(
        _ texts: [MappedText], _ model: PretrainedModel, _ context: StageContext, _ pool: WorkerPool
    ) async throws -> [EmbeddedText] {
        let embedder = TextEmbedder(model: model.model, precision: parameters.precision, pool: pool)
        let limit = min(parameters.maxTokens, model.model.configuration.contextLength)
        let batch = max(1, context.execution.batchSize ?? 64)
        return try await context.shards("vectors", of: EmbeddedText.self, items: texts.count) { range in
            var rows: [EmbeddedText] = []
            for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
                let part = texts[start..<min(start + batch, range.upperBound)]
                let tokens = part.map { model.tokenizer.encode($0.text) }
                let vectors = try embedder.embeddings(
                    of: tokens.map { Array($0.prefix(limit)) }, checkCancellation: context.checkCancellation)
                for (text, (tokens, vector)) in zip(part, zip(tokens, vectors)) {
                    rows.append(
                        EmbeddedText(id: "\(text.group)/\(text.row)", isCut: tokens.count > limit, vector: vector))
                }
                context.progress(start + part.count, of: texts.count, unit: "texts")
            }
            return rows
        }
    }
}
