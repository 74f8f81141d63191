import Foundation

extension LanguageModel {
    /// A model with random weights, for tests and for a loop that only has to be walked through.
    ///
    /// Matrices are normal with standard deviation 0.02 (`initializer_range` of the Llama family), norms are 1.
    /// Each value depends on `seed` and its place alone.
    /// - Throws: `ModelError.configuration` for an impossible shape, or one too large for memory.
    public static func random(configuration: ModelConfiguration, seed: UInt64) throws(ModelError) -> LanguageModel {
        try configuration.validate()
        guard let count = configuration.parameterCount, count <= 1 << 32 else {
            throw .configuration(field: "hidden_size", problem: "makes a model too large to be made at random")
        }
        let model = try LanguageModel(configuration: configuration)
        for (index, tensor) in model.layout.tensors.enumerated() {
            let values = UnsafeMutableBufferPointer(
                start: model.parameters.pointer + tensor.offset, count: tensor.count)
            if tensor.isMatrix {
                fillNormal(values, deviation: 0.02, key: seed, stream: UInt64(index))
            } else {
                values.update(repeating: 1)
            }
        }
        return model
    }
}

/// Fills `values` from a normal distribution around 0, by Box and Muller's method: two values from two uniform ones.
private func fillNormal(_ values: UnsafeMutableBufferPointer<Float>, deviation: Double, key: UInt64, stream: UInt64) {
    var generator = Philox(key: key, stream: stream)
    for index in stride(from: 0, to: values.count, by: 2) {
        // 1 - u lies in (0, 1], so its logarithm is finite.
        let radius = deviation * (-2 * log(1 - generator.uniform())).squareRoot()
        let angle = 2 * Double.pi * generator.uniform()
        values[index] = Float(radius * cos(angle))
        if index + 1 < values.count { values[index + 1] = Float(radius * sin(angle)) }
    }
}
