internal import Foundation

/// The measurements of a benchmark's answers: accuracy by each rule, over all items and by subject, with standard error
/// and interval, and what went wrong on the way.
package struct BenchmarkAccuracy {
    private let task: BenchmarkTask
    private let answers: [BenchmarkAnswer]
    private let estimator: Estimator

    package init(_ task: BenchmarkTask, _ answers: [BenchmarkAnswer], estimator: Estimator) {
        self.task = task
        self.answers = answers
        self.estimator = estimator
    }

    package var measurements: [Measurement] {
        let subjects = Set(answers.compactMap(\.subject)).sorted()
        let overall = task.rules.map { accuracy(task.rawValue, by: $0, of: answers) }
        let bySubject = subjects.flatMap { subject in
            let answers = answers.filter { $0.subject == subject }
            return task.rules.map { accuracy("\(task.rawValue).\(subject)", by: $0, of: answers) }
        }
        return overall + states + bySubject
    }

    private func accuracy(_ name: String, by rule: BenchmarkRule, of answers: [BenchmarkAnswer]) -> Measurement {
        let hits = answers.map { answer in
            answer.predictions.contains { $0.rule == rule.rawValue && $0.isCorrect } ? 1.0 : 0.0
        }
        let error = Self.standardError(hits).map { "standard error \(Self.fixed($0)), sample sd/√n" }
        return share(
            "\(name).\(rule.rawValue)", hits, "\(rule.note); \(error ?? "no standard error of fewer than 2 items")")
    }

    /// Shares of items about whose score the reader must know more.
    private var states: [Measurement] {
        var states = [
            share("truncated", "items whose prompt was cut off at its beginning, to fit the model's context") {
                $0.truncated > 0
            }
        ]
        guard task.isGenerated else {
            return states + [
                share(
                    "does_not_fit", "items of which a choice alone does not fit the model's context; counted as wrong"
                ) {
                    $0.predictions.contains { $0.choice == nil }
                }
            ]
        }
        states.append(share("cut_off", "answers that reached the limit of tokens") { $0.reply?.finish == .length })
        for rule in task.rules where rule != .exactMatch {
            states.append(
                share(
                    "no_answer_\(rule.rawValue)",
                    "answers in which the rule '\(rule.rawValue)' finds no number; wrong"
                ) {
                    $0.predictions.contains { $0.rule == rule.rawValue && $0.text == nil }
                })
        }
        return states
    }

    private func share(_ name: String, _ note: String, _ holds: (BenchmarkAnswer) -> Bool) -> Measurement {
        share("\(task.rawValue).\(name)", answers.map { holds($0) ? 1 : 0 }, note)
    }

    private func share(_ name: String, _ values: [Double], _ note: String) -> Measurement {
        estimator.ratio(name, values.map { RatioSample($0, of: 1) }, note)
    }

    /// Of a mean: the sample's standard deviation over √n. Nil with fewer than two values.
    package static func standardError(_ values: [Double]) -> Double? {
        guard values.count >= 2, let center = mean(values) else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
        return (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
    }

    private static func fixed(_ value: Double) -> String {
        String(format: "%.5f", locale: Locale(identifier: "en_US_POSIX"), value)
    }
}
