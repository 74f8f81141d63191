/// What can go wrong in the stages of the method; every text of the module is here.
public enum StageError: Error, Equatable, CustomStringConvertible {
    case malformedTemplate(name: String, problem: String)
    case invalidParameter(stage: String, name: String, problem: String)
    case missingInput(stage: String, port: String, because: String)
    case incompleteCheckpoint(name: String, missing: String)
    case nothingToTrainOn(stage: String)
    case noSuchText(port: String, schema: String, part: String)
    case referenceMismatch(pair: String)
    case referencePrecision(reference: String, policy: String)
    case noMismatchedCompletion(pair: String)
    case mismatchedPairMissing(pair: String, mismatched: String)
    case noOtherPrompt(pairs: Int)
    case trainingLogTooShort(steps: Int, state: Int)
    case checkpointLost(step: Int)
    case alternativesAlike
    case duplicateJudgement(candidate: String)
    case repeatedResponse(port: String, prompt: String, index: Int)
    case judgementsOfOthers(judge: String, row: Int, judgements: Int, responses: Int)
    case otherQuestion(id: Int, problem: String)
    case repeatedLabel(prompt: String, aspect: String)
    case server(url: String, problem: String)
    case unreadable(file: String, problem: String)
    case malformedLine(file: String, line: Int, problem: String)
    /// Of a JSON list, from 1.
    case malformedItem(file: String, item: Int, problem: String)
    case severalGenerators(port: String, [String])
    /// `others`: how many answers there are to other questions.
    case noAnswers(port: String, others: Int)
    case unknownBallot(place: String, ballot: String)
    case duplicateTree(id: String, first: String, second: String)
    case duplicateMessage(id: String, first: String, second: String)
    case splitTooLarge(part: String, size: String, available: Int)
    case noRankedPrompts(part: String)
    case noBestReplies
    case notATask(row: String, prompt: String)
    case worldTooSmall(stage: String, wanted: Int, tasks: Int)
    /// How many trees of a file, or of all, were dropped for which reasons: every one.
    case nothingSelected(file: String?, trees: Int, reasons: [String: Int], language: String)

    public var description: String {
        switch self {
        case .malformedTemplate(let name, let problem):
            "template '\(name)': \(problem)"
        case .invalidParameter(let stage, let name, let problem):
            "stage '\(stage)': parameter '\(name)' \(problem)"
        case .missingInput(let stage, let port, let because):
            "stage '\(stage)': connect something to '\(port)': \(because)"
        case .incompleteCheckpoint(let name, let missing):
            "model '\(name)' has no '\(missing)'; give a whole Hugging Face folder or a GGUF file"
        case .nothingToTrainOn(let stage):
            "stage '\(stage)': there is no example to train on; connect 'examples' or 'judge-examples' that hold rows, "
                + "or raise 'max_tokens' if they are too long"
        case .noSuchText(let port, let schema, let part):
            "'\(port)' holds rows of '\(schema)', which have no \(part); connect rows that have one, or set 'of' of the "
                + "'map-texts' stage"
        case .referenceMismatch(let pair):
            "pair '\(pair)': the reference log-probabilities are of other tokens; compute them with a model of the same "
                + "tokenizer and chat template"
        case .referencePrecision(let reference, let policy):
            "the reference log-probabilities were computed in \(reference) and the policy trains in \(policy), so that it "
                + "would not start at its reference; give 'reference-logps' and 'dpo' the same 'precision'"
        case .noMismatchedCompletion(let pair):
            "pair '\(pair)': its reference log-probabilities have no mismatched completion, from which 'loss: kto' takes "
                + "the divergence; set 'mismatched: true' of the 'reference-logps' stage"
        case .mismatchedPairMissing(let pair, let mismatched):
            "pair '\(pair)': its mismatched completions are those of pair '\(mismatched)', which is not here; connect all "
                + "pairs that 'reference-logps' read"
        case .noOtherPrompt(let pairs):
            "stage 'reference-logps': 'mismatched' puts responses to other prompts behind each prompt, and all that fit, "
                + "\(pairs) in number, have one prompt; give pairs of two prompts or more, or set 'mismatched: false' and "
                + "another 'loss' than kto"
        case .trainingLogTooShort(let steps, let state):
            "the saved training log has \(steps) steps, the saved state \(state); remove the stage's staging folder"
        case .checkpointLost(let step):
            "what was kept of the checkpoint at step \(step) is missing or damaged; remove the stage's staging folder, and "
                + "training begins anew"
        case .alternativesAlike:
            "with 'scoring: expected' no mark of the rubric may be the beginning of another, as 'A' is of 'AB'; change the "
                + "marks in its head, or set 'scoring: sampled'"
        case .duplicateJudgement(let candidate):
            "candidate '\(candidate)' is judged more than once; give the stage the judgements of one judge stage only"
        case .repeatedResponse(let port, let prompt, let index):
            "'\(port)': prompt '\(prompt)' has two responses with the number \(index); connect the responses of one model, "
                + "sampled once"
        case .judgementsOfOthers(let judge, let row, let judgements, let responses):
            "judge '\(judge)' has \(judgements) judgements, and the rankings \(responses) responses; row \(row) is the first that "
                + "does not belong to them: connect the rankings that it judged, in the same order"
        case .otherQuestion(let id, let problem):
            "question \(id) \(problem); give the judge the question file that was answered"
        case .repeatedLabel(let prompt, let aspect):
            "prompt '\(prompt)' has two labels as its '\(aspect)'; connect the labels of one stage, or of rubrics with "
                + "different aspects"
        case .server(let url, let problem):
            "server '\(url)' \(problem)"
        case .unreadable(let file, let problem):
            "'\(file)' \(problem)"
        case .malformedLine(let file, let line, let problem):
            "\(file):\(line): \(problem)"
        case .malformedItem(let file, let item, let problem):
            "\(file), item \(item): \(problem)"
        case .severalGenerators(let port, let names):
            "'\(port)': the responses are of several models, \(names.map { "'\($0)'" }.joined(separator: ", ")); give each "
                + "model's file to a stage of its own"
        case .noAnswers(let port, 0):
            "'\(port)' has no answers: the files are empty"
        case .noAnswers(let port, let others):
            "'\(port)' has no answer to any of the questions, but \(others) to others; connect the questions that were asked"
        case .unknownBallot(let place, let ballot):
            "\(place): there is no ballot '\(ballot.prefix(40))' in this packet; give the forms that were exported from what is "
                + "connected to 'ballots'"
        case .duplicateTree(let id, let first, let second):
            "\(second): conversation tree '\(id)' was already read at \(first); remove one of the two, or set 'repeated_trees: first'"
        case .duplicateMessage(let id, let first, let second):
            "\(second): message '\(id)' was already read at \(first); remove one of the two, or set "
                + "'repeated_trees: first' if it belongs to the same tree"
        case .splitTooLarge(let part, let size, let available):
            "part '\(part)' asks for \(size) trees but \(available) are free; lower it, or write 'rest'"
        case .noRankedPrompts(let part):
            "no selected tree has two ranked replies, so there is nothing for '\(part)'; give ranked data, or set its size to 0"
        case .noBestReplies:
            "no selected tree has a reply with rank 0, so there is nothing for 'ift'; give ranked data, or set its size to 0"
        case .notATask(let row, let prompt):
            "row '\(row)': '\(prompt.prefix(80))' is no task of a world of words; check answers to tasks that 'make-world' "
                + "or 'draw-tasks' wrote"
        case .worldTooSmall(let stage, let wanted, let tasks):
            "stage '\(stage)': \(wanted) different tasks are wanted and the world has \(tasks); ask for fewer, or give it "
                + "more 'letters'"
        case .nothingSelected(let file, let trees, let reasons, let language):
            Self.whyNothing(file: file, trees: trees, reasons: reasons, language: language)
        }
    }

    private static func whyNothing(
        file: String?, trees: Int, reasons: [String: Int], language: String
    ) -> String {
        let byCount = reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let counts = byCount.map { "\($0.value) for '\($0.key)'" }.joined(separator: ", ")
        let remedies = byCount.compactMap { reason, _ -> String? in
            switch SeedSelection.Reason(rawValue: reason) {
            case .synthetic: "give trees that people wrote, or set 'keep_synthetic: true'"
            case .language: "set 'language', which is '\(language)', to the data's"
            case .noUsableReply: "give replies with ranks, 0 the best"
            default: nil
            }
        }
        let dropped = "no tree\(file.map { " of '\($0)'" } ?? "") can be used: of \(trees), dropped are \(counts)"
        return ([dropped] + remedies).joined(separator: "; ")
    }
}
