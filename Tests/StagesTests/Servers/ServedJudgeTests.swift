import Artifacts
import Foundation
import Pipeline
import Stages
import Testing

/// One after the other: a test sets the environment's key.
@Suite("A judge behind a server", .serialized)
struct ServedJudgeTests {
    private static let candidates = ["Rhine", "Elbe", "Oder"].enumerated().map { index, text in
        Candidate(
            promptID: "p\(index)", prompt: "Name \(index) \"rivers\"\nand more.", index: 0, text: text, tokens: 1,
            finish: .stop)
    }

    private func judge(
        _ server: FakeChatServer, samples: Int = 1, execution: ExecutionOptions = ExecutionOptions(),
        _ change: (inout JudgeResponsesStage.Parameters) -> Void = { _ in }
    ) async throws -> (rows: [Judgement], warnings: [String]) {
        let harness = try StageHarness()
        let connected = try await harness.run(ConnectModelStage.self, [:]) {
            ($0.url, $0.model) = (server.url + "/", "some-judge")
        }
        let outputs = try await harness.run(
            JudgeResponsesStage.self,
            [
                "model": [try #require(connected.artifacts["model"])],
                "candidates": [try harness.artifact(Self.candidates)],
                "rubric": [try harness.blob("Rate.\n{instruction}\n{response}\n")],
            ], execution: execution
        ) {
            $0.samples = samples
            change(&$0)
        }
        return (try harness.rows(outputs, "judgements", as: Judgement.self), harness.warnings)
    }

    @Test(
        "each sample is a request of its own, with the rubric, the sampling and a seed; replies are read as any others"
    )
    func judges() async throws {
        let server = try FakeChatServer { request, _ in
            .reply(
                request.body.contains("Rhine")
                    ? "Good.\nScore: 4" : request.body.contains("Elbe") ? "No idea" : "Score: 2")
        }
        let (rows, warnings) = try await judge(server, samples: 2) { $0.maxTokens = 33 }
        #expect(rows.map(\.score) == [4, nil, 2] && rows.allSatisfy { $0.verdicts.count == 2 })
        #expect(rows[1].verdicts[0].reason == .noScore && rows[0].verdicts[0].raw == "Good.\nScore: 4")
        #expect(warnings == ["'some-judge' at \(server.url) judges: what a server writes need not be the same again"])

        struct Sent: Decodable {
            let model: String
            let messages: [[String: String]]
            let temperature: Double
            let top_p: Double
            let max_tokens: Int
            let seed: Int
        }
        let sent = try server.requests.map { try JSONDecoder().decode(Sent.self, from: Data($0.body.utf8)) }
        #expect(sent.count == 6 && Set(sent.map(\.seed)).count == 6)
        #expect(
            sent.allSatisfy {
                $0.model == "some-judge" && $0.temperature == 0.7 && $0.top_p == 0.9 && $0.max_tokens == 33
            })
        #expect(
            Set(sent.flatMap(\.messages).compactMap { $0["content"] }).contains(
                "Rate.\nName 0 \"rivers\"\nand more.\nRhine"))
        #expect(server.requests.allSatisfy { $0.head.hasPrefix("POST /v1/chat/completions ") })
    }

    @Test("however many requests are under way, each reply goes to its own candidate")
    func order() async throws {
        let server = try FakeChatServer { request, number in
            usleep(UInt32(20_000 / (number + 1)))
            return .reply(
                request.body.contains("Rhine") ? "Score: 1" : request.body.contains("Elbe") ? "Score: 2" : "Score: 3")
        }
        for batch in [1, 2, 8] {
            var execution = ExecutionOptions()
            execution.batchSize = batch
            #expect(try await judge(server, execution: execution).rows.map(\.score) == [1, 2, 3])
        }
    }

    @Test("a reply that was cut off or filtered has no verdict, and a prompt that is too long is missing")
    func finishes() async throws {
        let server = try FakeChatServer { request, _ in
            if request.body.contains("Rhine") { return .reply("Score: 5", finish: "length") }
            if request.body.contains("Elbe") { return .reply("Score: 5", finish: "content_filter") }
            return .init(
                status: 400, body: "{\"error\":{\"type\":\"exceed_context_size_error\",\"message\":\"too long\"}}")
        }
        let rows = try await judge(server).rows
        #expect(rows.map { $0.verdicts[0].reason } == [.cutOff, .cutOff, .doesNotFit])
    }

    @Test(
        "what cannot be used is an error that says what came",
        arguments: [
            (
                FakeChatServer.Answer(body: "<html>Hello</html>"),
                "something else than a chat completion: '<html>Hello</html>'"
            ),
            (.init(body: "{\"choices\":[]}"), "something else than a chat completion"),
            (.init(body: ""), "something else than a chat completion"),
            (
                .init(status: 404, body: "{\"error\":{\"message\":\"no such model\"}}"),
                "answers with status 404: 'no such model'"
            ),
            (.init(status: 422, body: "bad\u{1B}[31m key"), "answers with status 422: 'bad [31m key'"),
        ])
    func errors(answer: FakeChatServer.Answer, problem: String) async throws {
        let server = try FakeChatServer { _, _ in answer }
        do {
            _ = try await judge(server)
            Issue.record("the reply was taken")
        } catch let error as StageError {
            #expect(error.description.contains(server.url) && error.description.contains(problem))
        }
    }

    @Test("a server that is busy is asked again")
    func busy() async throws {
        let server = try FakeChatServer { _, number in
            number == 0 ? .init(status: 503, body: "Loading model") : .reply("Score: 3")
        }
        #expect(try await judge(server).rows.map(\.score) == [3, 3, 3])
        #expect(server.requests.count == 4)
    }

    @Test("a key comes from the environment; a server that wants one says so, and the error where to put it")
    func key() async throws {
        let server = try FakeChatServer { request, _ in
            request.head.contains("Authorization: Bearer secret")
                ? .reply("Score: 3") : .init(status: 401, body: "{\"error\":{\"message\":\"no key\"}}")
        }
        await #expect(
            throws: StageError.server(
                url: server.url,
                problem: "answers with status 401: 'no key'; if it wants a key, put it into the environment variable "
                    + "'PIPELINE_SERVER_KEY'")
        ) { try await judge(server) }
        setenv("PIPELINE_SERVER_KEY", "secret", 1)
        defer { unsetenv("PIPELINE_SERVER_KEY") }
        #expect(try await judge(server).rows.map(\.score) == [3, 3, 3])
    }

    @Test("a server gives no probabilities of tokens: that is said before it is asked")
    func expected() async throws {
        let server = try FakeChatServer { _, _ in .reply("Score: 3") }
        await #expect(throws: StageError.self) { try await judge(server) { $0.scoring = .expected } }
        #expect(server.requests.isEmpty)
    }

    @Test(
        "an address that is none is refused before anything runs",
        arguments: [
            "", "localhost:8080", "ftp://host/v1", "http://", "http://user:secret@host/v1", "http://host/v1?key=1",
        ])
    func addresses(url: String) {
        var parameters = ConnectModelStage.Parameters()
        parameters.url = url
        #expect(throws: StageError.self) { try ConnectModelStage(parameters: parameters) }
    }

    @Test("a pairwise rubric is asked in both orders, also of a server")
    func headToHead() async throws {
        // It prefers what it sees first, always.
        let server = try FakeChatServer { _, _ in .reply("Verdict: A") }
        let harness = try StageHarness()
        let connected = try await harness.run(ConnectModelStage.self, [:]) { $0.url = server.url }
        let others = Self.candidates.map {
            Candidate(promptID: $0.promptID, prompt: $0.prompt, index: 0, text: "Weser", tokens: 1, finish: .stop)
        }
        let outputs = try await harness.run(
            HeadToHeadStage.self,
            [
                "model": [try #require(connected.artifacts["model"])],
                "candidates": [try harness.artifact(Self.candidates)], "baseline": [try harness.artifact(others)],
                "rubric": [try harness.blob("{instruction}|{first}|{second}")],
            ]
        ) { $0.resamples = 50 }
        #expect(outputs.summary["ties"] == .integer(3))
        let measurements = try harness.rows(outputs, "measurements", as: Measurement.self)
        #expect(measurements.first { $0.name == "first_shown_preferred" }?.value == 1)
        #expect(measurements.first { $0.name == "same_in_both_orders" }?.value == 0)
    }
}
