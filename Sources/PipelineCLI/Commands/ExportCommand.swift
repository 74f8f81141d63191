internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Stages

/// `pipeline export`.
struct ExportCommand: AsyncParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
        case hf, trl, tar, intoto
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
            mt-bench answers as FastChat's 'model_answer/NAME.jsonl'; NAME is whom its programs take them for
            It gets its name when it is whole: an export that is interrupted leaves nothing under it.
            """)

    @Argument(
        help: ArgumentHelp(
            "Digest prefix, 'stage.port', a stage, or 'RUN/STAGE/PORT'; for tar and intoto a run, or 'latest'.",
            valueName: "ref"))
    var reference: String
    @Option(help: "hf, trl, tar, intoto or mt-bench.")
    var format: Format
    @Option(
        help: ArgumentHelp(
            "The folder (hf, trl) or file (tar, intoto, mt-bench) to write; it must not exist, or be empty.",
            valueName: "path"))
    var out: String
    @Flag(help: "Write texts instead of conversations (trl).")
    var plain = false
    @OptionGroup var storeOptions: StoreOptions

    func validate() throws {
        if plain, format != .trl { throw ValidationError("--plain goes with --format trl") }
    }

    func run() async throws {
        let store = try storeOptions.open()
        if format == .tar || format == .intoto { return try export(run: reference, of: store) }
        if format == .mtBench { return try export(answers: reference, of: store) }
        let schema = format == .hf ? CheckpointFile.schema : PreferencePair.schema
        let listing = try ArtifactLookup(store: store).one(reference, preferring: schema.description)
        let folder = URL(filePath: out, directoryHint: .isDirectory)
        switch format {
        case .trl:
            let exporter = try PreferenceExport(listing, isPlain: plain)
            try fill(folder) { try exporter.write(from: store, to: $0.appending(path: "train.jsonl")) }
        case .hf:
            let exporter = try CheckpointExport(listing)
            try fill(folder) { try exporter.write(from: store, to: $0) }
        case .tar, .intoto, .mtBench: break
        }
        Console.note("wrote \(listing.name) to '\(out)'")
    }

    private func export(answers reference: String, of store: ArtifactStore) throws {
        let listing = try ArtifactLookup(store: store).one(
            reference, preferring: MTBenchAnswer.schema.description)
        guard !FileManager.default.fileExists(atPath: out) else { throw CommandError.fileExists(out) }
        let file = URL(filePath: out, directoryHint: .notDirectory)
        let exporter = try MTBenchExport(listing, file: file)
        try WholeFile.make(file) { try exporter.write(from: store, to: $0) }
        Console.note("wrote \(listing.name) to '\(out)'")
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

    /// Makes the folder and what is in it. A folder that holds something already is left alone: mixed files would pass
    /// for a whole.
    private func fill(_ folder: URL, _ write: (URL) throws -> Void) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: folder.path) {
            guard let files = try? manager.contentsOfDirectory(atPath: folder.path), files.isEmpty else {
                throw CommandError.folderNotEmpty(out)
            }
        }
        try WholeFile.make(folder) { unfinished in
            try manager.createDirectory(at: unfinished, withIntermediateDirectories: false)
            try write(unfinished)
        }
    }
}
