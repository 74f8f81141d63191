/// Fills a new model's parameters from a weight file, tensor by tensor.
enum ParameterImport {
    /// How a file provides one tensor of the layout.
    struct Source {
        var shape: [Int]
        var read: (UnsafeMutableBufferPointer<Float>) throws(ModelError) -> Void
    }

    /// A model whose tensors come from `source`.
    ///
    /// - Parameters:
    ///   - available: how many values the file holds; a configuration that asks for more is refused before any memory
    ///     is taken for it.
    ///   - source: the file's tensor for a layout name, or nil when it has none.
    /// - Throws: `ModelError.file` naming the tensor that is missing or of another shape.
    static func model(
        _ configuration: ModelConfiguration, file: String, available: Int,
        source: (String) throws(ModelError) -> Source?
    ) throws(ModelError) -> LanguageModel {
        try configuration.validate()
        guard let needed = configuration.parameterCount, needed <= available else {
            throw .file(
                name: file, problem: "holds \(available) values, fewer than its configuration asks for",
                remedy: "the configuration may belong to another model")
        }
        let model = try LanguageModel(configuration: configuration)
        for tensor in model.layout.tensors {
            guard let found = try source(tensor.name) else {
                throw .file(name: file, problem: "lacks the tensor '\(tensor.name)'")
            }
            guard found.shape == tensor.shape else {
                throw .file(
                    name: file,
                    problem:
                        "tensor '\(tensor.name)' has the shape \(found.shape), its configuration says \(tensor.shape)"
                )
            }
            let target = UnsafeMutableBufferPointer(
                start: model.parameters.pointer + tensor.offset, count: tensor.count)
            try found.read(target)
        }
        return model
    }
}

extension ModelConfiguration {
    /// How many parameters a model of this shape has, or nil when that overflows.
    ///
    /// Counted without a `ParameterLayout`, so that a hostile configuration costs nothing.
    package var parameterCount: Int? {
        func product(_ factors: Int...) -> Int? {
            var result = 1
            for factor in factors {
                let (value, overflow) = result.multipliedReportingOverflow(by: factor)
                if overflow { return nil }
                result = value
            }
            return result
        }
        guard let queryWidth = product(headCount, headSize), let keyValueWidth = product(keyValueHeadCount, headSize),
            let query = product(queryWidth, hiddenSize, 2), let keyValue = product(keyValueWidth, hiddenSize, 2),
            let feedForward = product(intermediateSize, hiddenSize, 3),
            let embeddings = product(vocabularySize, hiddenSize, tiesEmbeddings ? 1 : 2)
        else { return nil }
        var layer = 2 * hiddenSize
        for part in [query, keyValue, feedForward] {
            let (sum, overflow) = layer.addingReportingOverflow(part)
            if overflow { return nil }
            layer = sum
        }
        guard let layers = product(layer, layerCount) else { return nil }
        let (sum, overflow) = layers.addingReportingOverflow(embeddings)
        let (total, overflowAgain) = sum.addingReportingOverflow(hiddenSize)
        return overflow || overflowAgain ? nil : total
    }
}
