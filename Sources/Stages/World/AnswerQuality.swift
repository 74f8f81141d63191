/// How good answers really are, and how well a judge of them sees it: measured against the truth of a world of words.
package struct AnswerQuality {
    /// The answers to one task.
    package struct Item {
        package let task: WordTask
        package let answers: [Answer]

        package init(task: WordTask, answers: [Answer]) {
            self.task = task
            self.answers = answers
        }
    }

    package struct Answer {
        package let text: String
        /// Whether the model ended it; one that was cut off is not right, whatever it holds.
        package let isWhole: Bool
        /// The judge's; nil where there is none.
        package let score: Double?

        package init(text: String, isWhole: Bool, score: Double?) {
            self.text = text
            self.isWhole = isWhole
            self.score = score
        }
    }

    private let estimator: Estimator

    package init(_ estimator: Estimator) { self.estimator = estimator }

    /// The share of answers that meet every wish, and the mean number of wishes met.
    package func success(_ items: [Item]) -> [Measurement] {
        [
            measure("success", "share of answers that meet every wish; intervals by task", items.map(Self.rate)),
            measure(
                "points", "wishes that an answer meets, of five", within: 0...Double(WordTask.Wish.allCases.count),
                items.map { item in
                    let points = item.answers.reduce(0) { $0 + item.task.points($1.text) }
                    return RatioSample(Double(points), of: Double(item.answers.count))
                }),
        ]
    }

    /// What a model's answers are compared with.
    package enum Earlier: String {
        case baseline
        /// The model that training began with.
        case previous
    }

    /// By how much the success rate lies over that of an earlier model, task by task: the same tasks, so that what makes
    /// one harder than another cancels.
    package func gain(_ items: [Item], over baseline: [Item], ofWhom earlier: Earlier = .baseline) -> Measurement {
        let rates = Dictionary(baseline.map { ($0.task, Self.rate($0)) }) { first, _ in first }
        let samples = items.compactMap { item -> RatioSample? in
            guard let before = RatioSample.ratio([rates[item.task]].compactMap(\.self)),
                let now = RatioSample.ratio([Self.rate(item)])
            else { return nil }
            return RatioSample(now - before, of: 1)
        }
        let name = earlier == .baseline ? "success_gain" : "success_gain_previous"
        return measure(
            name, "success less that of the \(earlier.rawValue) model, task by task, over tasks of both",
            within: -1...1,
            samples)
    }

    /// Of two answers to one task of which one is right, whether the judge scores that one higher.
    package func judging(_ items: [Item]) -> [Measurement] {
        let ranked = items.map { item in
            RankedItem(
                id: item.task.prompt,
                responses: item.answers.map { .init(rank: Self.isRight($0, item.task) ? 0 : 1, score: $0.score) })
        }
        func accuracy(_ name: String, _ note: String, _ credit: (RankedItem.Agreement) -> Double) -> Measurement {
            measure(
                name, note,
                ranked.map { item in
                    let pairs = item.pairs
                    return RatioSample(pairs.reduce(0) { $0 + credit($1) }, of: Double(pairs.count))
                })
        }
        return [
            accuracy("judge_accuracy", "right answers scored over wrong ones to the same task; ties count as wrong") {
                $0 == .agrees ? 1 : 0
            },
            accuracy(
                "judge_accuracy_tie_half", "as judge_accuracy, ties and unscored count one half", JudgeMetric.credit),
        ]
    }

    /// Whether the chosen response of a pair meets more wishes than the rejected one; as many count one half.
    package func preferences(_ pairs: [(task: WordTask, chosen: String, rejected: String)]) -> Measurement {
        measure(
            "pairs_true", "training pairs whose chosen response meets more wishes; as many count one half",
            pairs.map { pair in
                let difference = pair.task.points(pair.chosen) - pair.task.points(pair.rejected)
                return RatioSample(difference > 0 ? 1 : difference == 0 ? 0.5 : 0, of: 1)
            })
    }

    private static func isRight(_ answer: Answer, _ task: WordTask) -> Bool {
        answer.isWhole && task.isRight(answer.text)
    }

    private static func rate(_ item: Item) -> RatioSample {
        RatioSample(Double(item.answers.count { isRight($0, item.task) }), of: Double(item.answers.count))
    }

    private func measure(
        _ name: String, _ note: String, within bounds: ClosedRange<Double> = 0...1, _ samples: [RatioSample]
    ) -> Measurement {
        estimator.ratio(name, samples, within: bounds, note)
    }
}
