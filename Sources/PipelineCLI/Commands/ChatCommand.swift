internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Model
internal import Stages

/// `pipeline chat`.
struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat", abstract: "Talk to a checkpoint: a line of stdin is a turn, the reply goes to stdout.")

    @Argument(help: ArgumentHelp("A checkpoint: digest prefix, 'stage.port', or its stage.", valueName: "ref"))
    var reference: String
    @Option(help: "What the model is told before the conversation.")
    var system: String?
    @Option(help: "0 takes the likeliest token each time.")
    var temperature = 0.7
    @Option(help: "Draw from the likeliest tokens that together reach this probability.")
    var topP = 0.9
    @Option(help: "The longest reply.")
    var maxTokens = 256
    @Option(help: "Equal seeds and turns give equal replies.")
    var seed: UInt64 = 0
    @Option(
        help: """
            'q8' reads and multiplies eight bits a weight and replies sooner, less exactly; 'full' takes the weights as \
            they are.
            """,
        transform: Self.weights)
    var weights = WeightFormat.full
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var threadOptions: ThreadOptions

    func validate() throws {
        do {
            try sampling.validate()
        } catch {
            throw ValidationError("\(error)")
        }
        if maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); it must be 1 or more") }
    }

    private var sampling: SamplingParameters { SamplingParameters(temperature: temperature, topP: topP) }

    func run() async throws {
        let store = try storeOptions.open()
        let wanted = CheckpointFile.schema.description
        let listing = try ArtifactLookup(store: store).one(reference, preferring: wanted)
        try listing.demand(CheckpointFile.schema, for: "chat")
        let session = try ChatSession(
            model: try Checkpoint.load(listing.reference, from: store), system: system,
            settings: .init(sampling: sampling, maximumNewTokens: maxTokens, seed: seed, weights: weights),
            threads: threadOptions.count)
        let isInteractive = isatty(STDIN_FILENO) == 1
        if isInteractive { Console.note("talking to \(listing.name) \(listing.reference.digest.short); Ctrl-D ends") }
        while let line = nextLine(isInteractive) {
            if line.trimmingCharacters(in: .whitespaces).isEmpty { continue }
            switch try session.say(line) {
            case .contextFull, .promptTooLong:
                Console.note("the conversation fills the model's context; begin a new one")
                return
            case .length:
                Console.note("(cut off after \(maxTokens) tokens; --max-tokens allows more)")
            case .stopToken, .stopString: break
            }
        }
    }

    private static func weights(_ text: String) throws -> WeightFormat {
        guard let weights = WeightFormat(rawValue: text) else {
            throw ValidationError("--weights is '\(text)'; it must be 'full' or 'q8'")
        }
        return weights
    }

    private func nextLine(_ isInteractive: Bool) -> String? {
        if isInteractive { try? FileHandle.standardError.write(contentsOf: Data("> ".utf8)) }
        return readLine()
    }
}
