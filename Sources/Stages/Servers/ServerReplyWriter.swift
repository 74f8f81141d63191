internal import Model
internal import Pipeline

/// A model behind a server that writes the replies of a judge, several at a time.
final class ServerReplyWriter: ReplyWriter {
    private let server: ChatServer
    private let sampling: SamplingParameters
    private let maxTokens: Int
    private let workedExamples: [WorkedExample]
    private let seed: SeedPath
    private let context: StageContext
    private var finished = 0

    /// How many requests are under way at once, where `exec.batch` does not say: llama.cpp's server has four slots.
    private static let requestsAtOnce = 4

    init(
        _ server: ChatServer, sampling: SamplingParameters, maxTokens: Int, workedExamples: [WorkedExample],
        seed: SeedPath, context: StageContext
    ) {
        self.server = server
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.workedExamples = workedExamples
        self.seed = seed
        self.context = context
    }

    func replies(to tasks: [JudgeTask], samples: Int, of total: Int?) async throws -> [[WrittenReply]] {
        let requests = tasks.flatMap { task in (0..<samples).map { request(task, sample: $0) } }
        var replies = [WrittenReply?](repeating: nil, count: requests.count)
        let server = server
        try await withThrowingTaskGroup(of: (Int, WrittenReply).self) { group in
            var next = 0
            func start() {
                let (index, request) = (next, requests[next])
                group.addTask { (index, try await server.reply(to: request)) }
                next += 1
            }
            let width = max(1, context.execution.batchSize ?? Self.requestsAtOnce)
            while next < min(width, requests.count) { start() }
            while let (index, reply) = try await group.next() {
                try context.checkCancellation()
                replies[index] = reply
                finished += 1
                context.progress(finished, of: total, unit: "verdicts")
                if next < requests.count { start() }
            }
        }
        let written = replies.compactMap { $0 }
        return tasks.indices.map { Array(written[($0 * samples)..<(($0 + 1) * samples)]) }
    }

    func logProbabilities(of alternatives: [AlternativeEndings]) async throws -> [[Float]?] {
        preconditionFailure("a server was asked for probabilities")  // Refused when the judge was set up.
    }

    private func request(_ task: JudgeTask, sample: Int) -> ChatServer.Request {
        let examples = workedExamples.flatMap {
            [ChatServer.Message(role: "user", content: $0.input), .init(role: "assistant", content: $0.reply)]
        }
        // Servers take seeds of 31 bits.
        let key = seed.child(task.id, String(sample), "verdict").key
        return ChatServer.Request(
            model: server.model.model, messages: examples + [.init(role: "user", content: task.text)],
            temperature: sampling.temperature, topP: sampling.topP, maxTokens: maxTokens, seed: Int(key >> 33))
    }
}
