/// A transformer's shape and its parameters: one block of single-precision floats, laid out as `layout` says.
public final class LanguageModel: Sendable {
    public let configuration: ModelConfiguration
    public let layout: ParameterLayout
    /// `layout.count` floats. Read-only while a generator uses the model; a trainer owns its model alone.
    public let parameters: FloatBuffer

    /// - Throws: `ModelError.configuration` for an impossible shape.
    /// - Precondition: `parameters`, when given, holds `ParameterLayout(configuration).count` floats.
    public init(configuration: ModelConfiguration, parameters: FloatBuffer? = nil) throws(ModelError) {
        try configuration.validate()
        self.configuration = configuration
        layout = ParameterLayout(configuration)
        self.parameters = parameters ?? FloatBuffer(count: layout.count)
        precondition(
            self.parameters.count == layout.count,
            "LanguageModel: \(self.parameters.count) parameters for a layout of \(layout.count)")
    }
}
