/// How a token is drawn from a row of logits: temperature first, then top-p.
public struct SamplingParameters: Codable, Hashable, Sendable {
    /// Divides the logits; 0 takes the most likely token, the lowest id among equals.
    public var temperature: Double = 0.7  // paper §3.1.3, candidate responses
    /// Keeps the most likely tokens whose probabilities together reach this much; 1 keeps all, 0 the first alone.
    public var topP: Double = 0.9  // paper §3.1.3, candidate responses

    public init(temperature: Double = 0.7, topP: Double = 0.9) {
        self.temperature = temperature
        self.topP = topP
    }

    /// The most likely token, always.
    public static let greedy = SamplingParameters(temperature: 0, topP: 1)

    /// - Throws: `ModelError.configuration` for a temperature that is neither 0 nor in 0.001…1000, or a top-p outside 0…1.
    public func validate() throws(ModelError) {
        // Below a thousandth the scaled logits leave single precision's range; 0 says what is meant then.
        if !(temperature == 0 || (0.001...1000).contains(temperature)) {
            throw .configuration(field: "temperature", problem: "is \(temperature); use 0 or 0.001…1000")
        }
        if !(0...1).contains(topP) {
            throw .configuration(field: "top_p", problem: "is \(topP), outside 0…1")
        }
    }
}
