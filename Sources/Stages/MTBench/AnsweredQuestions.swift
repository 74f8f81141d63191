internal import Artifacts
internal import Pipeline

/// The answers that a judge is given, laid beside the questions that they answer.
struct AnsweredQuestions {
    /// In the order of the questions; those without an answer are left out, and told of.
    let answers: [MTBenchAnswer]

    init(_ inputs: StageInputs, _ context: StageContext) throws {
        let questions = try inputs.questions("questions")
        let byID = Dictionary(uniqueKeysWithValues: questions.map { ($0.id, $0) })
        let given: [Int: MTBenchAnswer]
        let strange: Int
        if inputs.references("answers").first?.schema == ArtifactReference.blobSchema {
            let texts = try FastChatAnswers.read(inputs.namedBlobs("answers"))
            given = try questions.reduce(into: [:]) { answers, question in
                answers[question.id] = try texts[question.id].map { try MTBenchAnswer(fromOutside: $0, to: question) }
            }
            strange = texts.count - given.count
        } else {
            let rows = try inputs.rows("answers", as: MTBenchAnswer.self)
            given = try rows.reduce(into: [:]) { answers, row in
                answers[row.questionID] = try byID[row.questionID].map { try row.answering($0) }
            }
            strange = rows.count - given.count
        }
        answers = questions.compactMap { given[$0.id] }
        guard !answers.isEmpty else { throw StageError.noAnswers(port: "answers", others: strange) }
        if answers.count < questions.count {
            context.warn("\(questions.count - answers.count) of \(questions.count) questions have no answer")
        }
        if strange > 0 {
            context.warn("\(strange) answers are left out: their questions are not in the question file")
        }
    }
}

extension MTBenchAnswer {
    /// A model's answers from a file, which says nothing of their tokens.
    /// - Throws: `StageError.otherQuestion` where there are not as many as turns.
    fileprivate init(fromOutside texts: [String], to question: MTBenchQuestion) throws {
        guard texts.count == question.turns.count else {
            throw StageError.otherQuestion(
                id: question.id, problem: "has \(question.turns.count) turns, and its answer has \(texts.count)")
        }
        self.init(
            questionID: question.id, category: question.category,
            turns: zip(question.turns, texts).map { Turn(prompt: $0, text: $1, tokens: nil, finish: .stop) })
    }

    /// Itself, if it answers `question` as that stands now.
    /// - Throws: `StageError.otherQuestion`.
    fileprivate func answering(_ question: MTBenchQuestion) throws -> MTBenchAnswer {
        guard question.turns == turns.map(\.prompt), question.category == category else {
            throw StageError.otherQuestion(
                id: question.id, problem: "was answered in other words, or under another category")
        }
        return self
    }
}
