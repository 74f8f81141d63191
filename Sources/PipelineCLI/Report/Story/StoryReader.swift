internal import Artifacts
internal import Foundation
internal import Pipeline
internal import Stages

/// Gathers a run's story from what the store has of it. Everything is found by what rows are and what stages do, not by
/// how a pipeline calls them.
struct StoryReader {
    let store: ArtifactStore
    let network: StageNetwork
    let listing: RunListing
    /// What each stage said of itself, by its position.
    let summaries: [JSONValue]
    private let known: [ArtifactListing]
    private let keys: [ContentDigest?]
    let records: [StageRecord?]

    /// - Throws: as `RunReference` does.
    init(_ name: String, in store: ArtifactStore) throws {
        let run = try RunReference(name, in: store)
        listing = try PastRun.listing(run.id, in: store)
        self.store = store
        known = try store.artifacts()
        let results = listing.summary?["results"]?.arrayValue ?? []
        let named = Dictionary(results.map { ($0["name"]?.stringValue ?? "", $0) }) { first, _ in first }
        let plan = RunPlan(run: listing)
        let records = try run.stages.map { stage in try stage.key.flatMap { try store.stageRecord(for: $0) } }
        self.records = records
        keys = run.stages.map(\.key)
        summaries = zip(run.stages, records).map { stage, record in
            record?.facts["summary"] ?? named[stage.name]?["summary"] ?? [:]
        }
        network = StageNetwork(
            zip(run.stages, records).map { stage, record in
                Self.stage(stage, named[stage.name] ?? [:], record, inputs: plan?.inputs(of: stage.name))
            })
    }

    private static func stage(
        _ stage: RunReference.Stage, _ result: JSONValue, _ record: StageRecord?, inputs: [String: JSONValue]?
    ) -> StoryStage {
        StoryStage(
            name: stage.name, kind: stage.kind, outcome: result["outcome"]?.stringValue ?? "not-started",
            reason: result["message"]?.stringValue ?? result["reason"]?.stringValue ?? "",
            seconds: record?.facts["seconds"]?.doubleValue
                ?? (result["outcome"] == "ran" ? result["seconds"]?.doubleValue : nil),
            key: stage.key?.hex, version: record?.preimage["version"]?.integerValue.map { Int($0) },
            inputs: (inputs ?? [:]).sorted { $0.key < $1.key }.map { port, origins in
                .init(port: port, origins: (origins.arrayValue ?? [origins]).compactMap(\.stringValue))
            },
            outputs: stage.outputs.sorted { $0.key < $1.key }.map { port, digest in
                .init(
                    port: port, schema: stage.schemas[port] ?? "", digest: digest.hex,
                    rows: count(result["outputs"]?[port]?["rows"]?.integerValue ?? 0))
            }, isCollected: record == nil && !stage.outputs.isEmpty, question: question(record))
    }

    private static func question(_ record: StageRecord?) -> String {
        guard let preimage = record?.preimage else { return "" }
        let inputs = (preimage["inputs"]?.objectValue ?? [:]).filter { !StageNetwork.portsOfModels.contains($0.key) }
        let question: JSONValue = ["params": preimage["params"] ?? [:], "inputs": .object(inputs)]
        return (try? CanonicalJSON.text(question)) ?? ""
    }

    /// A count that a record or summary tells, and that sums of many can be taken of.
    static func count(_ told: Int64) -> Int { Int(min(max(told, 0), 1 << 50)) }

    func story() throws -> RunStory {
        var story = RunStory(run: run(), stages: network.stages, models: network.models)
        story.measurements = try measurements()
        story.curves = try curves()
        story.yields = yields()
        story.scores = try scores()
        story.lengths = try lengths()
        story.maps = try maps()
        story.pairs = try pairs()
        story.warnings = try warnings(of: story)
        return story
    }

    /// The stages that write rows of `schema`, by position.
    func stages(writing schema: RecordSchema) -> [Int] {
        network.stages.indices.filter { StageNetwork.holds(schema, network.stages[$0]) }
    }

    /// The rows of `schema` that the stage wrote; nil where the store no longer has them.
    func reader<R: Record>(of stage: Int, as type: R.Type) throws -> RecordReader<R>? {
        try artifact(of: stage, schema: R.schema.name, exactly: R.schema.description).map {
            try store.reader($0.reference, as: type)
        }
    }

    /// The output of the stage whose rows are of that schema.
    /// - Parameter version: the schema with its version; another version is left alone, and nil takes any.
    func artifact(of stage: Int, schema: String, exactly version: String? = nil) -> ArtifactListing? {
        for output in network.stages[stage].outputs where RecordSchema(output.schema)?.name == schema {
            if let version, output.schema != version { continue }
            let same = known.filter {
                $0.reference.digest.hex == output.digest && $0.port == output.port
                    && $0.kind == network.stages[stage].kind
            }
            if let found = same.first(where: { $0.key == keys[stage] }) ?? same.first { return found }
        }
        return nil
    }

    // MARK: The run

    /// What its stages say of themselves, to be set beside other runs.
    var figures: SeedRun {
        let seeds = (RunPlan(run: listing)?.stages ?? []).compactMap { $0["seed"]?.integerValue }
        return SeedRun(
            seed: seeds.first.map { UInt64(bitPattern: $0) } ?? 0,
            stages: network.stages.indices.map { position in
                let stage = network.stages[position]
                return .init(
                    StageFigures(stage: stage.name, kind: stage.kind, summary: summaries[position]),
                    key: keys[position])
            })
    }

    func run() -> StoryRun {
        let past = PastRun(listing, known: Set(known.map(\.key)))
        let plan = RunPlan(run: listing)
        let command = RunCommandRecord(run: listing)
        func each(_ value: (StageRecord) -> String?) -> [String] {
            Set(records.compactMap { $0.flatMap(value) }).sorted()
        }
        return StoryRun(
            id: listing.id, pipeline: past.pipeline ?? "", end: past.end, seconds: past.seconds,
            startedAt: listing.startedAt?.timeIntervalSince1970,
            seeds: Set((plan?.stages ?? []).compactMap { $0["seed"]?.integerValue }).sorted().map { String($0) },
            file: command?.file, overlays: command?.overlays ?? [], settings: command?.settings ?? [],
            programs: each { $0.facts["program"]?.stringValue },
            processors: each { record in
                record.facts["processor"]?.stringValue.map { processor in
                    let vectors = record.facts["vectorFeatures"]?.stringValue ?? ""
                    return vectors.isEmpty ? processor : "\(processor), \(vectors)"
                }
            }, numerics: each { $0.preimage["numerics"]?.stringValue }, sources: sources(plan),
            parameters: Dictionary(
                (plan?.stages ?? []).map { ($0["name"]?.stringValue ?? "", $0["params"] ?? .null) }
            ) { first, _ in first })
    }

    private func sources(_ plan: RunPlan?) -> [StorySource] {
        let paths = plan?.sources ?? [:]
        var digests: [String: String] = [:]
        for (stage, record) in zip(network.stages, records) {
            for input in stage.inputs {
                let value = record?.preimage["inputs"]?[input.port] ?? .null
                let contents = (value.arrayValue ?? [value]).compactMap(\.stringValue)
                guard contents.count == input.origins.count else { continue }
                for (origin, content) in zip(input.origins, contents) where paths[origin] != nil {
                    digests[origin] = content
                }
            }
        }
        // Those that nothing read are of no consequence.
        let used = Set(network.stages.flatMap(\.inputs).flatMap(\.origins))
        return paths.keys.filter(used.contains).sorted().map {
            StorySource(name: $0, path: paths[$0] ?? "", digest: digests[$0])
        }
    }
}
