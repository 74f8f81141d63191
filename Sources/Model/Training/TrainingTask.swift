/// A sequence to learn from: the loss is on the tokens whose `targetMask` is true.
///
/// `targetMask[i]` says that token `i` is predicted from the tokens before it. A response's closing token is a target;
/// nothing of the prompt is (paper §3.1.3).
public struct SupervisedExample: Sendable, Hashable {
    public var tokens: [Int32]
    public var targetMask: [Bool]

    public init(tokens: [Int32], targetMask: [Bool]) {
        self.tokens = tokens
        self.targetMask = targetMask
    }

    /// A prompt and the response to learn; every token of the response is a target.
    public init(prompt: [Int32], response: [Int32]) {
        tokens = prompt + response
        targetMask = [Bool](repeating: false, count: prompt.count) + [Bool](repeating: true, count: response.count)
    }
}

/// A response to another prompt than the one it is put behind.
public struct MismatchedCompletion: Sendable, Hashable {
    public var tokens: [Int32]
    /// Of the tokens behind the prompt, in nats, summed over them: from `SequenceScorer` on the reference model.
    public var reference: Double

    public init(tokens: [Int32], reference: Double) {
        self.tokens = tokens
        self.reference = reference
    }
}

/// A prompt with a chosen and a rejected response, and the reference model's log-probabilities of both.
public struct PreferenceExample: Sendable, Hashable {
    public var prompt: [Int32]
    /// Responses with their closing tokens, except where they were cut off.
    public var chosen: [Int32]
    public var rejected: [Int32]
    /// Sums over the response's tokens, in nats, from `SequenceScorer` on the reference model.
    public var referenceChosen: Double
    public var referenceRejected: Double
    /// What stands behind the prompt where the divergence of policy and reference is estimated (KTO); other losses need
    /// none.
    public var mismatched: [MismatchedCompletion]

    public init(
        prompt: [Int32], chosen: [Int32], rejected: [Int32], referenceChosen: Double, referenceRejected: Double,
        mismatched: [MismatchedCompletion] = []
    ) {
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
        self.referenceChosen = referenceChosen
        self.referenceRejected = referenceRejected
        self.mismatched = mismatched
    }
}

/// What a trainer learns from, and how.
public enum TrainingTask: Sendable {
    case supervised([SupervisedExample])
    case preference([PreferenceExample], PreferenceObjective)

    public var exampleCount: Int {
        switch self {
        case .supervised(let examples): examples.count
        case .preference(let examples, _): examples.count
        }
    }

    /// The sequences of one example: one, or a pair's chosen and rejected.
    func sequences(of index: Int) -> [TargetedSequence] {
        switch self {
        case .supervised(let examples):
            [TargetedSequence(tokens: examples[index].tokens, targetMask: examples[index].targetMask)]
        case .preference(let examples, _):
            [
                TargetedSequence(prompt: examples[index].prompt, response: examples[index].chosen),
                TargetedSequence(prompt: examples[index].prompt, response: examples[index].rejected),
            ]
        }
    }

    /// - Throws: `ModelError` for no examples, an example without targets, or one that does not fit the model.
    func validate(for configuration: ModelConfiguration) throws(ModelError) {
        if exampleCount == 0 { throw .example(place: "training", problem: "there are no examples") }
        switch self {
        case .supervised(let examples):
            for (index, example) in examples.enumerated() {
                let place = "training example \(index)"
                if example.tokens.count != example.targetMask.count {
                    throw .example(
                        place: place,
                        problem: "\(example.tokens.count) tokens and \(example.targetMask.count) mask entries")
                }
                if !example.targetMask.contains(true) {
                    throw .example(place: place, problem: "no token is a target")
                }
                if example.targetMask.first == true {
                    throw .example(place: place, problem: "the first token is a target, with nothing before it")
                }
                try configuration.check(example.tokens, place: place)
            }
        case .preference(let examples, let objective):
            try objective.validate()
            for (index, example) in examples.enumerated() {
                let place = "preference pair \(index)"
                if example.prompt.isEmpty { throw .example(place: place, problem: "the prompt is empty") }
                if example.chosen.isEmpty || example.rejected.isEmpty {
                    throw .example(place: place, problem: "a response is empty")
                }
                if !(example.referenceChosen.isFinite && example.referenceRejected.isFinite) {
                    throw .example(place: place, problem: "a reference log-probability is not finite")
                }
                try configuration.check(example.prompt + example.chosen, place: place)
                try configuration.check(example.prompt + example.rejected, place: place)
                if objective.loss.needsDivergence { try example.checkMismatched(for: configuration, place: place) }
            }
        }
    }
}

extension PreferenceExample {
    /// - Throws: `ModelError` where the divergence cannot be estimated from it.
    fileprivate func checkMismatched(for configuration: ModelConfiguration, place: String) throws(ModelError) {
        if mismatched.isEmpty {
            throw .example(place: place, problem: "there is no mismatched completion, which 'kto' needs")
        }
        for completion in mismatched {
            if completion.tokens.isEmpty { throw .example(place: place, problem: "a mismatched completion is empty") }
            if !completion.reference.isFinite {
                throw .example(
                    place: place, problem: "a mismatched completion's reference log-probability is not finite")
            }
            try configuration.check(prompt + completion.tokens, place: place)
        }
    }
}

extension TargetedSequence {
    /// A prompt and a response all of whose tokens are targets.
    init(prompt: [Int32], response: [Int32]) {
        self.init(
            tokens: prompt + response,
            targetMask: [Bool](repeating: false, count: prompt.count) + [Bool](repeating: true, count: response.count)
        )
    }
}

extension ModelConfiguration {
    /// - Throws: `ModelError` for a token outside the vocabulary, or more tokens than the context holds.
    func check(_ tokens: [Int32], place: String) throws(ModelError) {
        for token in tokens where token < 0 || token >= vocabularySize {
            throw .tokenOutOfRange(token: Int(token), vocabularySize: vocabularySize, place: place)
        }
        if tokens.count > contextLength {
            throw .contextTooLong(tokens: tokens.count, limit: contextLength, place: place)
        }
    }
}
