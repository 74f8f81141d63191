public import Model
public import Pipeline

/// `weights: full` or `weights: q8` in a pipeline file.
extension WeightFormat: ParameterChoice {
    /// Results of before there was a choice have keys without it.
    static let laterChoice = ["weights": full.rawValue]
}
