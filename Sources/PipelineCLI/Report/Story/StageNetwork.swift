internal import Artifacts
internal import Pipeline
internal import Stages

/// Who reads what from whom among the stages of a run, and which model each is about.
struct StageNetwork {
    private(set) var stages: [StoryStage]
    private(set) var models: [StoryModel] = []
    /// The stage that writes an output, by `stage.port`.
    private let producers: [String: Int]
    private let modelOfStage: [Int: Int]

    /// - Parameter stages: in the order of the run, without `parents`.
    init(_ stages: [StoryStage]) {
        var producers: [String: Int] = [:]
        for (position, stage) in stages.enumerated() {
            for output in stage.outputs { producers["\(stage.name).\(output.port)"] = position }
        }
        var connected = stages
        for position in stages.indices {
            let parents = stages[position].inputs.flatMap(\.origins).compactMap { producers[$0] }
            // A stage can only read what was there before it; anything else is no plan of ours.
            connected[position].parents = Set(parents).filter { $0 != position }.sorted()
        }
        self.stages = connected
        self.producers = producers
        let makers = stages.indices.filter { Self.holds(CheckpointFile.schema, stages[$0]) }
        modelOfStage = Dictionary(uniqueKeysWithValues: zip(makers, makers.indices))
        models = makers.map { StoryModel(label: Self.label(of: $0, among: makers, stages), stage: $0) }
        for model in models.indices { models[model].parent = parent(of: model) }
    }

    /// The name of the schema of each output, without its version.
    static func holds(_ schema: RecordSchema, _ stage: StoryStage) -> Bool {
        stage.outputs.contains { RecordSchema($0.schema)?.name == schema.name }
    }

    /// As `SummaryTable` calls it: a part that makes one model is that model's.
    private static func label(of stage: Int, among makers: [Int], _ stages: [StoryStage]) -> String {
        func part(_ position: Int) -> Substring? {
            let name = stages[position].name
            return name.lastIndex(of: ".").map { name[..<$0] }
        }
        guard let own = part(stage), makers.count(where: { part($0) == own }) == 1,
            !makers.contains(where: { stages[$0].name == own })
        else { return stages[stage].name }
        return String(own)
    }

    private func parent(of model: Int) -> Int? {
        origins(of: models[model].stage).lazy.compactMap { modelOfStage[$0] }.first { $0 < model }
    }

    /// The stages that `stage` reads from, port by port.
    private func origins(of stage: Int) -> [Int] {
        stages[stage].inputs.flatMap(\.origins).compactMap { producers[$0] }
    }

    /// The stages that write what `stage` reads through `port`.
    func origins(of stage: Int, port: String) -> [Int] {
        stages[stage].inputs.filter { $0.port == port }.flatMap(\.origins).compactMap { producers[$0] }
    }

    /// Everything that `stage` came from, the nearest first.
    func ancestors(of stage: Int) -> [Int] {
        var order: [Int] = [], seen: Set<Int> = [stage], open = [stage]
        while !open.isEmpty {
            let next = open.flatMap { stages[$0].parents }.filter { seen.insert($0).inserted }
            order += next
            open = next
        }
        return order
    }

    /// The nearest stage before `stage` that writes rows of `schema`.
    func nearest(_ schema: RecordSchema, before stage: Int) -> Int? {
        ancestors(of: stage).first { Self.holds(schema, stages[$0]) }
    }

    /// The model that wrote what comes through `port`: the one connected there, or the one whose responses are.
    func model(of stage: Int, port: String) -> Int? {
        for origin in origins(of: stage, port: port) where origin < stage {
            if let model = modelOfStage[origin] ?? self.model(of: origin, port: "model") { return model }
        }
        return nil
    }

    /// Ports that tell which model a stage is about, the surest first.
    private static let subjectPorts = ["candidates", "answers", "responses", "model"]
    /// Ports through which a model, or what it wrote and said, comes in.
    static let portsOfModels = Set(subjectPorts + ["judgements", "pairs", "baseline", "previous"])

    /// The model that `stage` tells something about: whose responses it looks at, else the one that it uses.
    func subject(of stage: Int) -> Int? {
        for port in Self.subjectPorts {
            if let model = model(of: stage, port: port) { return model }
        }
        // What is about several models is about none of them.
        let found = Set(
            stages[stage].parents.filter { $0 < stage }.compactMap { modelOfStage[$0] ?? subject(of: $0) })
        return found.count == 1 ? found.first : nil
    }

    /// The model that was trained on what `stage` wrote.
    func trained(on stage: Int) -> Int? {
        models.firstIndex { model in
            guard let input = stages[model.stage].inputs.first(where: { $0.port == "pairs" }) else { return false }
            return input.origins.contains { producers[$0] == stage }
        }
    }
}
