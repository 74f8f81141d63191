public import Pipeline

/// The stages of Self-Rewarding Language Models: this module's table of contents.
public enum StandardStages {
    public static var registry: StageRegistry {
        StageRegistry([
            PrepareSeedsStage.self,  // §3.1.1: human examples and rankings
            PairResponsesStage.self,  // §2.3: the best response against the worst
        ])
    }
}
