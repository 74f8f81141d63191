public import Artifacts

/// What one optimiser step showed.
public struct TrainingStep: Record, Equatable {
    public static let schema = RecordSchema("training-step", version: 1)

    public let id: String
    /// From 1.
    public let step: Int
    /// By TRL's names: `loss`, `grad_norm`, `learning_rate`, `rewards/margins` and so on.
    public let metrics: [String: Double]

    package init(step: Int, metrics: [String: Double]) {
        id = RecordID.derive(Self.schema.name, [.integer(Int64(step))])
        self.step = step
        self.metrics = metrics
    }
}
