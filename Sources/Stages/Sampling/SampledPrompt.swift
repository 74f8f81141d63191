internal import Artifacts
internal import Pipeline

/// A prompt that responses are sampled for: one that a model wrote, or a seed's.
struct SampledPrompt {
    let id: String
    let text: String

    /// Seed examples give their prompts: what a model answers to them can be compared with the seed's responses.
    static func port(_ name: String, isOptional: Bool = false) -> Port {
        Port(
            name, schema: GeneratedPrompt.schema.description, alternatives: [SeedExample.schema.description],
            isOptional: isOptional, acceptsMany: true)
    }

    static func read(_ port: String, of inputs: StageInputs) throws -> [SampledPrompt] {
        try inputs.rows(
            port, first: { (prompt: GeneratedPrompt) in SampledPrompt(id: prompt.id, text: prompt.text) },
            other: { (example: SeedExample) in SampledPrompt(id: example.id, text: example.prompt) })
    }
}
