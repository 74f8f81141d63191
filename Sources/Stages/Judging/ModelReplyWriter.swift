internal import Foundation
internal import Model
internal import Pipeline

/// A model of the store that writes the replies of a judge.
final class ModelReplyWriter: ReplyWriter {
    private let writer: Writer
    private let conversation: Conversation
    private let sampling: SamplingParameters
    private let maxTokens: Int
    private let workedExamples: [WorkedExample]
    private let seed: SeedPath

    /// - Parameters:
    ///   - workedExamples: stand before each task.
    ///   - seed: of the stage.
    init(
        _ writer: Writer, sampling: SamplingParameters, maxTokens: Int, workedExamples: [WorkedExample] = [],
        seed: SeedPath
    ) throws {
        self.writer = writer
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.workedExamples = workedExamples
        self.seed = seed
        conversation = try Conversation(writer.model)
    }

    func replies(to tasks: [JudgeTask], samples: Int, of total: Int?) throws -> [[WrittenReply]] {
        let requests = try tasks.flatMap { task in
            let prompt = try prompt(task)
            return (0..<samples).map { sample in
                GenerationRequest(
                    prompt: prompt, maximumNewTokens: maxTokens, stopTokens: conversation.stopTokens,
                    sampling: sampling, randomKey: seed.child(task.id, String(sample), "verdict").key)
            }
        }
        let results = try writer.write(requests, of: total, unit: "verdicts")
        return tasks.indices.map { task in
            results[(task * samples)..<((task + 1) * samples)].map {
                WrittenReply(text: $0.text, finish: Finish($0.finish))
            }
        }
    }

    func logProbabilities(of alternatives: [AlternativeEndings]) throws -> [[Float]?] {
        var result: [[Float]?] = alternatives.map { [Float](repeating: 0, count: $0.replies.count) }
        var branches = try alternatives.enumerated().map { owner, alternatives in
            try Branch(
                prompt: prompt(alternatives.task),
                replies: alternatives.replies.map { conversation.tokenizer.encodeContinuation($0) },
                mayBeginAlike: alternatives.mayBeginAlike, owner: owner)
        }
        while !branches.isEmpty {
            var deeper: [Branch] = []
            // A tokenizer may join the deciding token with what stands before it, differently after different texts.
            for (choices, members) in branches.grouped(by: \.choices) {
                let fitting = members.filter { $0.lead.count <= writer.model.model.configuration.contextLength }
                for branch in members where branch.lead.count > writer.model.model.configuration.contextLength {
                    result[branch.owner] = nil
                }
                let rows = try writer.logProbabilities(after: fitting.map(\.lead), of: choices)
                for (branch, row) in zip(fitting, rows) {
                    if let ended = branch.ended { result[branch.owner]?[ended] += Self.remainder(of: row) }
                    for (token, logProbability) in zip(choices, row) {
                        let group = branch.members(after: token)
                        for (place, _) in group { result[branch.owner]?[place] += logProbability }
                        if group.count > 1 { deeper.append(try branch.following(token, group)) }
                    }
                }
            }
            branches = deeper
        }
        return result
    }

    /// The log-probability of everything that is none of the tokens of a row.
    private static func remainder(of row: [Float]) -> Float {
        // Never quite nothing, also where the row's rounded probabilities add up to one or more.
        Float(log(max(1 - row.reduce(0) { $0 + exp(Double($1)) }, 1e-9)))
    }

    /// Replies that begin alike, up to where they part. Most part in one token; where a tokenizer begins some of them alike
    /// there, these are followed on.
    private struct Branch {
        let owner: Int
        /// The prompt and what the replies share.
        let lead: [Int32]
        /// The tokens with which they go on, each once.
        let choices: [Int32]
        /// Where the reply that ends with the lead stands among its task's alternatives, if one does.
        let ended: Int?
        private let mayBeginAlike: Bool
        /// Where each reply stands among its task's alternatives, and what follows the lead.
        private let rests: [(place: Int, tokens: ArraySlice<Int32>)]

        init(prompt: [Int32], replies: [[Int32]], mayBeginAlike: Bool, owner: Int) throws {
            try self.init(owner, prompt, replies.enumerated().map { ($0, $1[...]) }, mayBeginAlike)
        }

        private init(
            _ owner: Int, _ lead: [Int32], _ replies: [(place: Int, tokens: ArraySlice<Int32>)], _ mayBeginAlike: Bool
        ) throws {
            var lead = lead, rests = replies
            while let next = rests[0].tokens.first, rests.allSatisfy({ $0.tokens.first == next }) {
                lead.append(next)
                rests = rests.map { ($0.place, $0.tokens.dropFirst()) }
            }
            let ended = rests.first { $0.tokens.isEmpty }
            // One ends where another goes on: what would follow it is not said.
            if ended != nil, !mayBeginAlike { throw StageError.alternativesAlike }
            let choices = rests.compactMap(\.tokens.first)
            self.ended = ended?.place
            self.mayBeginAlike = mayBeginAlike
            self.owner = owner
            self.lead = lead
            self.rests = rests
            self.choices = choices.enumerated().filter { choices.firstIndex(of: $0.element) == $0.offset }.map(
                \.element)
        }

        func members(after token: Int32) -> [(place: Int, tokens: ArraySlice<Int32>)] {
            rests.filter { $0.tokens.first == token }
        }

        func following(
            _ token: Int32, _ group: [(place: Int, tokens: ArraySlice<Int32>)]
        ) throws -> Branch {
            try Branch(owner, lead + [token], group.map { ($0.place, $0.tokens.dropFirst()) }, mayBeginAlike)
        }
    }

    private func prompt(_ task: JudgeTask) throws -> [Int32] {
        try conversation.prompt(task.text, after: workedExamples)
    }
}
