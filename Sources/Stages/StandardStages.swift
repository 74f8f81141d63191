public import Pipeline

/// The stages of Self-Rewarding Language Models: this module's table of contents.
public enum StandardStages {
    public static var registry: StageRegistry {
        StageRegistry([
            ImportModelStage.self,  // §3.1: the pretrained model M0
            ConnectModelStage.self,  // none: a model behind a server, to judge with
            MakeModelStage.self,  // none: a tiny model to walk through the loop with
            PrepareSeedsStage.self,  // §3.1.1: human examples and rankings
            FineTuneStage.self,  // §3.1.3: SFT, on IFT data or on IFT and EFT data
            FilterJudgementsStage.self,  // §3.1.1: EFT data from judgements that agree with people
            WriteTasksStage.self,  // §2.2, §3.1.3: new prompts by Self-Instruct
            DecontaminatePromptsStage.self,  // none: prompts that are evaluated on are not trained on
            SampleResponsesStage.self,  // §2.2: N candidate responses
            JudgeResponsesStage.self,  // §2.2, Figure 2: LLM-as-a-judge
            PairResponsesStage.self,  // §2.3: the best response against the worst
            MetaJudgeStage.self,  // none: pairs for the skill of judging (Meta-Rewarding)
            KeepBestResponsesStage.self,  // §2.3, A.4: the best responses alone
            ScoreReferenceStage.self,  // §2.3: what DPO compares with
            PreferenceTrainingStage.self,  // §2.3, §3.1.3: DPO
            EvaluateJudgeStage.self,  // §3.1.2, Table 4: five metrics
            LikelihoodBaselineStage.self,  // none: what a judge must beat
            CompareJudgesStage.self,  // Table 4: models side by side, on the same rankings
            MeasureSelfPreferenceStage.self,  // none: does a judge like its own responses better than another does
            EvaluateBenchmarksStage.self,  // Table 3: NLP benchmarks
            HeadToHeadStage.self,  // §3.1.2: two models' responses compared, in both orders
            ImportPromptsStage.self,  // §3.1.2: test prompts from a file, with a model's responses where it has them
            MeasureAnnotationsStage.self,  // §3.2.1, Table 1: the win rate that AlpacaEval's annotations give
            DealBallotsStage.self,  // §3.2.1, Figure 5: responses that people compare without knowing whose they are
            CountBallotsStage.self,  // §3.2.1, Figure 5: what the majority of them found
            MapTextsStage.self,  // §3.2.1, A.1: IFT, EFT and generated data in one picture
            LabelPromptsStage.self,  // §3.2.1, A.6: prompts by category, complexity and expected length
            BreakDownStage.self,  // §3.2.1, Figures 4 and 11: such comparisons by these labels
            AnswerQuestionsStage.self,  // §3.1.2, Table 2: MT-Bench, two turns
            JudgeAnswersStage.self,  // §3.1.2, Table 2: single-answer grading, with references
            CountVotesStage.self,  // none: models by people's votes, and how far judges agree
            MakeWorldStage.self,  // none: seed data of a world in which a program knows the truth
            DrawTasksStage.self,  // none: new tasks of that world, in the place of Self-Instruct
            CheckAnswersStage.self,  // none: how many answers are right
            ShuffleJudgementsStage.self,  // none: a judge that knows nothing, as a control
        ])
    }
}
