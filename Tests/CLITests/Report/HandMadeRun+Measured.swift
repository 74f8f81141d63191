import Artifacts

extension HandMadeRun {
    /// Two models, measured by stages that have charts of their own.
    static func measured() -> HandMadeRun {
        func benchmark(_ model: String, _ value: Double) -> Stage {
            let rule = measurement(
                "hellaswag.acc_norm", value, (value - 0.1, value + 0.1), count: 20,
                note: "items whose right choice is the likeliest; standard error \(value / 10)")
            return measuring(
                "\(model).hellaswag", "evaluate-benchmarks", inputs: ["model": ["\(model).model"]],
                [rule, measurement("hellaswag.truncated", 0, (0, 0), count: 20)])
        }
        func dialogue(_ model: String, _ shift: Double) -> Stage {
            let names = ["score", "score_turn_1", "score_turn_2", "score/writing", "score/math"]
            return measuring(
                "\(model).mt-bench", "mt-bench-judge", inputs: ["model": ["\(model).model"]],
                names.map { measurement($0, 3 + shift, (2 + shift, 4 + shift), count: 8) })
        }
        let judging = [measurement("pairwise_accuracy", 0.6, (0.5, 0.7))]
        let rates = [
            measurement("win_rate", 0.6, (0.5, 0.7)), measurement("length_controlled_minimal", 0.55, (0.4, 0.7)),
            measurement("wins", 0.6), measurement("ties", 0), measurement("losses", 0.4),
        ]
        let parts = ["win_rate", "win_rate/complexity/1", "win_rate/complexity/2", "win_rate/length/a/b"]
        return HandMadeRun(stages: [
            model("m0", "import-model"), model("m1", "sft", inputs: ["model": ["m0.model"]]),
            measuring("m0.judge-quality", "evaluate-judge", inputs: ["model": ["m0.model"]], judging),
            measuring("likelihood", "likelihood-baseline", inputs: [:], [measurement("pairwise_accuracy", 0.7)]),
            benchmark("m0", 0.2), benchmark("m1", 0.8), dialogue("m0", 0), dialogue("m1", 1),
            measuring("alpaca", "alpaca-eval", inputs: [:], rates),
            measuring("parts", "break-down", inputs: [:], parts.map { measurement($0, 0.5, (0.3, 0.7), count: 10) }),
        ])
    }
}
