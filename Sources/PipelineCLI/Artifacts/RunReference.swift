internal import Artifacts
internal import Pipeline

/// A run of the store as a user names it: `latest`, its id, or the beginning of one.
struct RunReference {
    /// What became of one stage.
    struct Stage {
        let name: String
        let kind: String
        /// Nil where the inputs never became known.
        let key: ContentDigest?
        /// The digest of each output, by port.
        let outputs: [String: ContentDigest]
        /// What the rows of each output are, by port.
        let schemas: [String: String]
    }

    static let latest = "latest"

    let id: String
    let pipeline: String
    /// In the order of the run.
    let stages: [Stage]

    /// - Throws: `CommandError.unknownRun`, `.ambiguousRun`; `.runNotEnded` for a run that left no summary.
    init(_ text: String, in store: ArtifactStore) throws {
        guard text == Self.latest else {
            try self.init(PastRun.listing(text, in: store))
            return
        }
        let runs = try store.runs()
        // Where none has ended, the newest says so.
        guard let newest = runs.first(where: { $0.summary != nil }) ?? runs.first else {
            throw CommandError.unknownRun(nil)
        }
        try self.init(newest)
    }

    private init(_ run: RunListing) throws {
        guard let summary = run.summary else {
            throw CommandError.runNotEnded(run.id, isRunning: run.isRunning)
        }
        id = run.id
        pipeline = summary["pipeline"]?.stringValue ?? ""
        stages = (summary["results"]?.arrayValue ?? []).compactMap { result in
            guard let name = result["name"]?.stringValue, let kind = result["stage"]?.stringValue else { return nil }
            return Stage(
                name: name, kind: kind, key: result["key"]?.stringValue.flatMap { ContentDigest(hex: $0) },
                outputs: (result["outputs"]?.objectValue ?? [:]).compactMapValues { output in
                    output["digest"]?.stringValue.flatMap { ContentDigest(hex: $0) }
                },
                schemas: (result["outputs"]?.objectValue ?? [:]).compactMapValues { $0["record"]?.stringValue })
        }
    }

    /// Whether `text` has the form of a run rather than of an artifact: ids begin with a date, digests have no dashes.
    static func isLikely(_ text: String) -> Bool {
        let year = text.prefix(5)
        return text == latest
            || !text.contains("/") && year.count == 5 && year.last == "-" && year.dropLast().allSatisfy(\.isNumber)
    }

    func stage(_ name: String) -> Stage? { stages.first { $0.name == name } }

    /// What the store still holds of a stage's outputs, under the name that it had in the run; by port.
    func outputs(of stage: Stage, in store: ArtifactStore) throws -> [ArtifactListing] {
        let known = try store.artifacts()
        return stage.outputs.sorted { $0.key < $1.key }.compactMap { port, digest in
            let same = known.filter { $0.reference.digest == digest && $0.port == port && $0.kind == stage.kind }
            guard var listing = same.first(where: { $0.key == stage.key }) ?? same.first else { return nil }
            listing.stageName = stage.name
            listing.pipeline = pipeline
            return listing
        }
    }
}

/// The result that a run used for a stage.
struct PastResult {
    let run: String
    let record: StageRecord

    /// - Throws: `CommandError.noStageInRun`, `.resultGone`.
    init(of stage: String, in run: RunReference, store: ArtifactStore) throws {
        guard let past = run.stage(stage) else {
            throw CommandError.noStageInRun(
                stage, run: run.id, hint: NameHint(for: stage, among: run.stages.map(\.name)))
        }
        guard let key = past.key, let record = try store.stageRecord(for: key) else {
            throw CommandError.resultGone(stage: stage, run: run.id)
        }
        self.run = run.id
        self.record = record
    }
}
