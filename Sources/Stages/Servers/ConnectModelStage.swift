internal import Artifacts
package import Pipeline

/// `connect-model`: names a model behind a server, which can then judge in the place of one in the store.
///
/// The server speaks the chat-completions API that OpenAI's, llama.cpp's, vLLM's and others do. It is not asked here. Its key,
/// where it wants one, is taken from the environment variable `PIPELINE_SERVER_KEY` when it is asked, and kept nowhere.
package struct ConnectModelStage: Stage {
    package struct Parameters: StageParameters {
        /// Where the API begins; llama.cpp's own default.
        package var url = "http://localhost:8080/v1"
        /// What the server calls the model; llama.cpp's takes any name.
        package var model = "default"

        package init() {}
    }

    package static let kind: StageKind = "connect-model"
    package static let version = 1
    package static let inputs: [Port] = []
    package static let outputs = [Port("model", schema: ServedModel.schema.description)]

    private let parameters: Parameters

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        if let problem = ChatServer.problem(with: parameters.url) { try Self.require(false, "url", problem) }
        try Self.require(!parameters.model.isEmpty, "model", "is empty; write what the server calls the model")
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let model = ServedModel(
            url: parameters.url.hasSuffix("/") ? String(parameters.url.dropLast()) : parameters.url,
            model: parameters.model)
        return StageOutputs(["model": try context.write([model], to: "model")])
    }
}
