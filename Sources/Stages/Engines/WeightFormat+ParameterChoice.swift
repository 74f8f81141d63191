public import Model
public import Pipeline

/// `weights: full` or `weights: q8` in a pipeline file.
extension WeightFormat: ParameterChoice {}
