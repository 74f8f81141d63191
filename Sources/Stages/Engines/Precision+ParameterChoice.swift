public import Model
public import Pipeline

/// `precision: f32` or `precision: bf16` in a pipeline file.
extension Precision: ParameterChoice {}
