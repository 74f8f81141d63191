internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Stages

/// `pipeline export`.
struct ExportCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case hf, trl, tar, intoto
        case alpacaEval = "alpaca-eval", humanPacket = "human-packet"
        case mtBench = "mt-bench"
    }

    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write an artifact in the form that other programs read.",
        discussion: """
            hf    a checkpoint as a Hugging Face folder: configuration, tokenizer, safetensors
            trl   preference pairs as 'train.jsonl' of {prompt, chosen, rejected} for TRL: conversational, or texts \
            with --plain
            tar   a run with all that it used and made, for 'pipeline import' on another machine
            intoto what a run made of what, as an in-toto statement with SLSA provenance
            alpaca-eval responses as the list of outputs that AlpacaEval's own tool reads: the first to each prompt
            human-packet ballots as pages and forms for the raters, and the key to them
            mt-bench answers as FastChat's 'model_answer/NAME.jsonl'; NAME is whom its programs take them for
            It gets its name when it is whole: an export that is interrupted leaves nothing under it.
            """)

    @Argument(
        help: ArgumentHelp(
            "Digest prefix, 'stage.port', a stage, or 'RUN/STAGE/PORT'; for tar and intoto a run, or 'latest'.",
            valueName: "ref"))
    var reference: String
    @Option(help: "hf, trl, tar, intoto, alpaca-eval, human-packet or mt-bench.")
    var format: Format
    @Option(
        help: ArgumentHelp(
            "The folder (hf, trl, human-packet) or file (tar, intoto, alpaca-eval, mt-bench) to write; it must not exist, or be "
                + "empty.",
            valueName: "path"))
    var out: String
    @Option(
        help: ArgumentHelp(
            "What the model is called (alpaca-eval); the name of the stage by default.", valueName: "name"))
    var generator: String?
    @Flag(help: "Write texts instead of conversations (trl).")
    var plain = false
    @OptionGroup var storeOptions: StoreOptions

    func validate() throws {
        if plain, format != .trl { throw ValidationError("--plain goes with --format trl") }
        if generator != nil, format != .alpacaEval {
            throw ValidationError("--generator goes with --format alpaca-eval")
        }
    }

    func run() async throws {
        let store = try storeOptions.open()
        if format == .tar || format == .intoto { return try export(run: reference, of: store) }
        let listing = try ArtifactLookup(store: store).one(reference, preferring: format.schema)
        switch format {
        case .trl:
            let exporter = try PreferenceExport(listing, isPlain: plain)
            try WholeFile.makeFolder(out) { try exporter.write(from: store, to: $0.appending(path: "train.jsonl")) }
        case .hf:
            let exporter = try CheckpointExport(listing)
            try WholeFile.makeFolder(out) { try exporter.write(from: store, to: $0) }
        case .humanPacket:
            let exporter = try HumanPacketExport(listing)
            try WholeFile.makeFolder(out) { try exporter.write(from: store, to: $0) }
        case .alpacaEval: try export(outputs: listing, of: store)
        case .mtBench: try export(answers: listing, of: store)
        case .tar, .intoto: break
        }
        Console.note("wrote \(listing.name) to '\(out)'")
        if format == .humanPacket {
            Console.note("give each rater a page of '\(out)/raters', and 'key.csv' to nobody who votes")
        }
    }

    private func export(outputs listing: ArtifactListing, of store: ArtifactStore) throws {
        guard !FileManager.default.fileExists(atPath: out) else { throw CommandError.fileExists(out) }
        let exporter = try AlpacaEvalExport(listing, generator: generator)
        var account = AlpacaEvalExport.Account()
        try WholeFile.make(URL(filePath: out, directoryHint: .notDirectory)) {
            account = try exporter.write(from: store, to: $0)
        }
        if account.further > 0 {
            Console.note("left out: \(Quantities.count(account.further, "response")) beyond the first to a prompt")
        }
        if account.missing > 0 {
            Console.note(
                "\(Quantities.count(account.missing, "output")) empty: the model's context had no room for the prompt"
            )
        }
    }

    private func export(answers listing: ArtifactListing, of store: ArtifactStore) throws {
        guard !FileManager.default.fileExists(atPath: out) else { throw CommandError.fileExists(out) }
        let file = URL(filePath: out, directoryHint: .notDirectory)
        let exporter = try MTBenchExport(listing, file: file)
        try WholeFile.make(file) { try exporter.write(from: store, to: $0) }
    }

    private func export(run name: String, of store: ArtifactStore) throws {
        guard !FileManager.default.fileExists(atPath: out) else { throw CommandError.fileExists(out) }
        let export = try RunExport(name, store: store)
        try WholeFile.make(URL(filePath: out, directoryHint: .notDirectory)) { unfinished in
            let path = unfinished.path(percentEncoded: false)
            if format == .tar { try export.writeArchive(to: path) } else { try export.writeStatement(to: path) }
        }
        Console.note("wrote run \(export.name) to '\(out)'")
    }
}

extension ExportCommand.Format {
    /// The rows that it takes of a stage with several outputs; nil for a whole run.
    fileprivate var schema: String? {
        switch self {
        case .hf: CheckpointFile.schema.description
        case .trl: PreferencePair.schema.description
        case .alpacaEval: Candidate.schema.description
        case .humanPacket: Ballot.schema.description
        case .mtBench: MTBenchAnswer.schema.description
        case .tar, .intoto: nil
        }
    }
}
