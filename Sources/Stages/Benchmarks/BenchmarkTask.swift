internal import Pipeline

/// The nine NLP benchmarks of the paper's Table 3, scored as EleutherAI's LM evaluation harness scores them.
package enum BenchmarkTask: String, ParameterChoice {
    case arcEasy = "arc_easy"
    case arcChallenge = "arc_challenge"
    case hellaswag, siqa, piqa, obqa, mmlu, gsm8k, nq

    /// Whether the model writes its answer; of the other tasks it is asked how likely it finds each choice.
    package var isGenerated: Bool { self == .gsm8k || self == .nq }

    /// How answers are counted; the rule that results are usually given by comes first.
    package var rules: [BenchmarkRule] {
        switch self {
        case .arcEasy, .arcChallenge, .siqa, .piqa: [.accuracy, .normalizedAccuracy]
        case .hellaswag, .obqa: [.normalizedAccuracy, .accuracy]
        // Letters are all of one length.
        case .mmlu: [.accuracy]
        case .gsm8k: [.strict, .flexible]
        case .nq: [.exactMatch]
        }
    }

    /// What stands between two demonstrations, and before the question.
    var delimiter: String { self == .nq ? "\n" : "\n\n" }

    /// Where a written answer ends.
    var stopStrings: [String] {
        switch self {
        case .gsm8k: ["Question:", "</s>", "<|im_end|>"]
        case .nq: ["\n", ".", ","]
        default: []
        }
    }

    /// What the harness writes before everything else; `{subject}` stands for the question's subject.
    var description: String {
        switch self {
        case .mmlu: "The following are multiple choice questions (with answers) about {subject}.\n\n"
        case .nq: "Answer these questions:\n\n"
        default: ""
        }
    }

    /// The task that a file of requests names; nil for a name that is not known.
    init?(requestName name: String) {
        switch name {
        case "socialiqa": self = .siqa
        case "openbookqa": self = .obqa
        case "naturalqs_open", "nq_open": self = .nq
        default: self.init(rawValue: name)
        }
    }
}

/// When an answer counts as right.
package enum BenchmarkRule: String, Sendable {
    case accuracy = "acc"
    case normalizedAccuracy = "acc_norm"
    case strict, flexible
    case exactMatch = "exact_match"

    /// The convention, in words.
    package var note: String {
        switch self {
        case .accuracy: "items whose right choice has the largest log-probability"
        case .normalizedAccuracy: "items whose right choice has the largest log-probability per character"
        case .strict: "items whose number behind '#### ' is the right one"
        case .flexible: "items whose last number is the right one"
        case .exactMatch: "items answered with an accepted answer, but for case, punctuation and articles"
        }
    }
}
