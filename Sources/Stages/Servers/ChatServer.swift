internal import Foundation
internal import FoundationNetworking

/// A server that continues conversations: the chat-completions API.
struct ChatServer: Sendable {
    struct Message: Codable {
        let role: String
        let content: String
    }

    struct Request: Encodable {
        enum CodingKeys: String, CodingKey {
            case model, messages, temperature, seed, topP = "top_p", maxTokens = "max_tokens"
        }

        var model: String
        var messages: [Message]
        var temperature: Double
        var topP: Double
        var maxTokens: Int
        var seed: Int
    }

    /// Before the second, third … attempt at the same request: about two minutes of waiting, enough for a server to load its
    /// model.
    private static let waits: [Duration] = [1, 2, 4, 8, 16, 32, 60].map { .seconds($0) }
    /// For one reply, in seconds.
    private static let timeout = 600.0
    /// A reply that is larger is refused: it is no reply to a judge prompt.
    private static let maximumBytes = 1 << 20

    let model: ServedModel
    private let endpoint: URL
    private let key: String?

    /// The environment variable that holds the key for servers that want one.
    static let keyVariable = "PIPELINE_SERVER_KEY"

    init(_ model: ServedModel) throws {
        self.model = model
        guard let url = URL(string: model.url + "/chat/completions") else {
            throw StageError.server(url: model.url, problem: "is no address")
        }
        endpoint = url
        key = ProcessInfo.processInfo.environment[Self.keyVariable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What is wrong with an address to begin the API at; nil where it can be used.
    static func problem(with address: String) -> String? {
        guard let url = URL(string: address), ["http", "https"].contains(url.scheme?.lowercased()),
            url.host?.isEmpty == false,
            url.query == nil, url.fragment == nil
        else { return "is '\(address)'; write where the API begins, as in http://localhost:8080/v1" }
        return url.user == nil && url.password == nil
            ? nil : "holds a name or a password; put a key into the environment variable '\(keyVariable)'"
    }

    /// The reply to a request. One that the server has no time for, or that does not arrive, is asked for again.
    /// - Throws: `StageError.server`; `CancellationError`.
    func reply(to request: Request) async throws -> WrittenReply {
        var problem = ""
        for wait in [Duration.zero] + Self.waits {
            if wait > .zero { try await Task.sleep(for: wait) }
            do {
                return try await attempt(request)
            } catch let passing as PassingFailure {
                problem = passing.problem
            }
        }
        throw StageError.server(
            url: model.url, problem: "\(problem), and did so \(Self.waits.count + 1) times; start it and run again")
    }

    /// What may be better a moment later.
    private struct PassingFailure: Error {
        let problem: String
    }

    private func attempt(_ request: Request) async throws -> WrittenReply {
        var call = URLRequest(url: endpoint, timeoutInterval: Self.timeout)
        call.httpMethod = "POST"
        call.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { call.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        call.httpBody = try JSONEncoder().encode(request)
        let (body, status): (Data, Int)
        do {
            (body, status) = try await HTTPExchange.run(call, maximumBytes: Self.maximumBytes)
        } catch let error as URLError where error.code == .dataLengthExceedsMaximum {
            throw StageError.server(
                url: model.url, problem: "sent more than \(Self.maximumBytes) bytes for one reply")
        } catch let error as URLError where error.code == .cancelled {
            throw CancellationError()
        } catch let error as URLError {
            throw PassingFailure(problem: "does not answer (\(error.localizedDescription))")
        }
        switch status {
        case 200: return try written(body)
        case 408, 409, 425, 429, 500...599:
            throw PassingFailure(problem: "answers with status \(status)\(Self.message(of: body))")
        default:
            if Self.isTooLong(body) { return WrittenReply(text: "", finish: .doesNotFit) }
            let remedy =
                [401, 403].contains(status) && key == nil
                ? "; if it wants a key, put it into the environment variable '\(Self.keyVariable)'" : ""
            throw StageError.server(
                url: model.url, problem: "answers with status \(status)\(Self.message(of: body))\(remedy)")
        }
    }

    private func written(_ body: Data) throws -> WrittenReply {
        guard let reply = try? JSONDecoder().decode(Reply.self, from: body), let choice = reply.choices.first else {
            throw StageError.server(
                url: model.url, problem: "sent something else than a chat completion: \(Self.excerpt(body))")
        }
        // Whatever else ended a reply, a limit or a filter, the model did not.
        let isWhole = choice.finishReason.map(Self.wholeReasons.contains) ?? true
        return WrittenReply(text: choice.message.content ?? "", finish: isWhole ? .stop : .length)
    }

    /// How servers call a reply that the model ended.
    private static let wholeReasons: Set<String> = ["stop", "eos", "eos_token", "stop_sequence", "end_turn"]

    private struct Reply: Decodable {
        struct Choice: Decodable {
            enum CodingKeys: String, CodingKey { case message, finishReason = "finish_reason" }

            struct Message: Decodable {
                let content: String?
            }

            let message: Message
            let finishReason: String?
        }

        let choices: [Choice]
    }

    // MARK: Errors of servers

    private struct Failure: Decodable {
        struct Detail: Decodable {
            let message: String?
            let type: String?
        }

        let error: Detail
    }

    /// llama.cpp's and OpenAI's ways to say that a prompt leaves the context no room.
    private static func isTooLong(_ body: Data) -> Bool {
        let text = String(decoding: body.prefix(4096), as: UTF8.self)
        return ["exceed_context_size", "context_length_exceeded", "maximum context length"].contains {
            text.contains($0)
        }
    }

    private static func message(of body: Data) -> String {
        if let message = (try? JSONDecoder().decode(Failure.self, from: body))?.error.message {
            return ": \(excerpt(Data(message.utf8)))"
        }
        return body.isEmpty ? "" : ": \(excerpt(body))"
    }

    private static func excerpt(_ body: Data) -> String {
        let text = String(decoding: body.prefix(200), as: UTF8.self).unicodeScalars.map {
            $0.properties.generalCategory == .control ? " " : String($0)
        }.joined()
        return "'\(text)'\(body.count > 200 ? "…" : "")"
    }
}

/// One request over the network, whose reply is bounded while it arrives.
private final class HTTPExchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    // SAFETY: the session calls its delegate from one serial queue; the continuation is set before the task is started.
    private let maximumBytes: Int
    private var body = Data()
    private var isTooLarge = false
    private var continuation: CheckedContinuation<(Data, Int), any Error>?

    private init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// The body and the status of the reply.
    static func run(_ request: URLRequest, maximumBytes: Int) async throws -> (Data, Int) {
        let exchange = HTTPExchange(maximumBytes: maximumBytes)
        let session = URLSession(configuration: .ephemeral, delegate: exchange, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                exchange.continuation = continuation
                task.resume()
                // One that was cancelled before it was started may have missed that.
                if Task.isCancelled { task.cancel() }
            }
        } onCancel: {
            task.cancel()
        }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        if body.count + data.count > maximumBytes {
            isTooLarge = true
            dataTask.cancel()
        } else {
            body += data
        }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if isTooLarge {
            continuation?.resume(throwing: URLError(.dataLengthExceedsMaximum))
        } else if let error {
            continuation?.resume(throwing: error)
        } else {
            continuation?.resume(returning: (body, (task.response as? HTTPURLResponse)?.statusCode ?? 0))
        }
        continuation = nil
    }
}
