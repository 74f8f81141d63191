internal import Model
internal import Pipeline

/// How texts are laid out in the plane.
package enum MapMethod: String, ParameterChoice {
    case tsne, pca
}

/// Texts laid out in the plane, and how true the picture is.
struct TextMap {
    /// The fewest points that have neighbourhoods to speak of: fewer are laid out by their principal components.
    static let fewest = 5

    private(set) var places: [SIMD2<Double>] = []
    /// Of t-SNE: what it was in the end, where it had to be lowered.
    private(set) var perplexity: Double?
    private(set) var measurements: [Measurement] = []
    private(set) var warnings: [String] = []

    init(
        _ vectors: RowMatrix, distances: RowMatrix, _ parameters: MapTextsStage.Parameters, context: StageContext,
        pool: WorkerPool
    ) throws {
        let components = PrincipalComponents(vectors, pool)
        places = components.scores
        if let explained = components.explained {
            measurements = (0..<2).map { axis in
                Measurement(
                    name: "pca_variance_\(axis + 1)", value: explained[axis], count: vectors.rows,
                    note: "share of the vectors' variance in their principal component \(axis + 1)")
            }
        }
        guard parameters.method == .tsne, vectors.rows > 1 else { return }
        guard vectors.rows >= Self.fewest else {
            warnings.append(
                "\(vectors.rows) texts are too few for neighbourhoods; they are laid out by principal components")
            return
        }
        try layOut(components.scores, distances, parameters, context, pool)
    }

    private mutating func layOut(
        _ start: [SIMD2<Double>], _ distances: RowMatrix, _ parameters: MapTextsStage.Parameters,
        _ context: StageContext, _ pool: WorkerPool
    ) throws {
        // Three times as many points count for anything within a neighbourhood.
        let most = Double(start.count - 1) / 3
        let perplexity = min(parameters.perplexity, most)
        self.perplexity = perplexity
        if perplexity < parameters.perplexity {
            warnings.append(
                "a perplexity of \(parameters.perplexity) wants \(Int(3 * parameters.perplexity) + 1) texts, and there are "
                    + "\(start.count); it is lowered to a third of the others")
        }
        let probabilities = NeighbourProbabilities(squaredDistances: distances, perplexity: perplexity, pool)
        let missed = probabilities.perplexities.count { abs($0 - perplexity) > 0.01 * perplexity }
        if missed > 0 {
            warnings.append(
                "\(missed) texts have more at one distance, equal ones perhaps, than the perplexity allows for")
        }
        var options = TSNE.Options()
        options.iterations = parameters.iterations
        options.learningRate = parameters.learningRate
        var tsne = TSNE(probabilities, places: TSNE.start(from: start), options: options, pool)
        try tsne.run { iteration in
            try context.checkCancellation()
            if iteration % 50 == 0 {
                context.progress(iteration, of: parameters.iterations, unit: "iterations", note: "t-SNE")
            }
        }
        places = tsne.layout
        measurements.append(
            Measurement(
                name: "kl_divergence", value: max(0, tsne.divergence()), count: start.count,
                note: "of the map's neighbourhoods from the texts', in nats; perplexity \(perplexity)"))
    }
}
