import Artifacts
import Foundation
import Model
import Pipeline
import Stages
import TestSupport
import Testing

@Suite("The map of texts")
struct MapTextsStageTests {
    private let harness: StageHarness
    private let model: ArtifactReference
    private let examples: ArtifactReference
    private let judged: ArtifactReference

    init() async throws {
        var loop = try TinyLoop()
        try await loop.prepare()
        harness = loop.harness
        model = try loop.artifact("m0.model")
        examples = try loop.artifact("seeds.examples")
        judged = try loop.artifact("seeds.judge-examples")
    }

    private func prompts(_ texts: [String]) throws -> ArtifactReference {
        try harness.artifact(
            texts.enumerated().map {
                GeneratedPrompt(text: $1, demonstrations: [], round: 0, request: $0, position: 0)
            })
    }

    private func candidates(_ responses: [String]) throws -> ArtifactReference {
        try harness.artifact(
            responses.enumerated().map {
                Candidate(
                    promptID: "p\($0 / 2)", prompt: "Name \($0 / 2 + 2) rivers.", index: $0 % 2, text: $1, tokens: 3,
                    finish: .stop)
            })
    }

    private func map(
        _ texts: [ArtifactReference], execution: ExecutionOptions = ExecutionOptions(),
        key: String = UUID().uuidString,
        stopAfter: Int = .max, _ change: (inout MapTextsStage.Parameters) -> Void = { _ in }
    ) async throws -> StageOutputs {
        try await harness.run(
            MapTextsStage.self, ["model": [model], "texts": texts], execution: execution, key: key,
            stopAfter: stopAfter
        ) {
            ($0.iterations, $0.resamples) = (60, 50)
            change(&$0)
        }
    }

    private func points(_ outputs: StageOutputs) throws -> [TextPoint] {
        try harness.rows(outputs, "points", as: TextPoint.self)
    }

    private func measurements(_ outputs: StageOutputs) throws -> [String: Stages.Measurement] {
        let rows = try harness.rows(outputs, "measurements", as: Stages.Measurement.self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
    }

    @Test("a point for each text with its row, group by group, and how diverse and how far apart the groups are")
    func points() async throws {
        let texts = [examples, judged, try prompts((2..<12).map { "Name \($0) lakes and where they lie." })]
        let outputs = try await map(texts) { ($0.groups, $0.perplexity) = (["ift", "eft", "m2"], 5) }
        let points = try points(outputs)
        #expect(
            points.map(\.group)
                == ["ift", "eft", "m2"].flatMap { [String](repeating: $0, count: $0 == "eft" ? 12 : 10) })
        let rows = try harness.store.reader(examples, as: SeedExample.self).all()
        #expect(points.prefix(10).map(\.rowID) == rows.map(\.id) && Set(points.map(\.id)).count == points.count)
        #expect(points[0].text == rows[0].prompt && points.last?.text == "Name 11 lakes and where they lie.")
        #expect(points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
        let found = try measurements(outputs)
        // A rubric before each text: told apart more often than not, even by a model that knows nothing.
        let separation = try #require(found["ift.eft.separation"]?.value)
        #expect(separation > 0.5 && found["eft.m2.separation"]?.count == 20)
        #expect(try #require(found["m2.rouge_l"]?.value) > 0.8 && found["m2.duplicates"]?.value == 0)
        #expect(try #require(found["kl_divergence"]?.value) > 0 && found["kl_divergence"]?.count == 32)
        #expect(outputs.summary["texts"] == ["ift": 10, "eft": 12, "m2": 10])
        #expect(outputs.summary["perplexity"] == 5.0 && harness.warnings.isEmpty)
    }

    @Test("threads, batch and shard sizes change no digest")
    func executionChangesNothing() async throws {
        let texts = [examples, judged]
        func run(_ execution: ExecutionOptions, _ method: MapMethod) async throws -> [String: ArtifactReference] {
            try await map(texts, execution: execution) { ($0.method, $0.limit, $0.perplexity) = (method, 8, 4) }
                .artifacts
        }
        for method in [MapMethod.tsne, .pca] {
            let plain = try await run(ExecutionOptions(threads: 1, shardSize: .rows(.max), batchSize: .max), method)
            #expect(try await run(ExecutionOptions(threads: 2, shardSize: .rows(3), batchSize: 2), method) == plain)
            var reversed = ExecutionOptions(threads: 2, shardSize: .rows(5))
            reversed.reversesShards = true
            #expect(try await run(reversed, method) == plain)
        }
    }

    @Test("a map that is stopped keeps the vectors it has, and ends with the same points")
    func resumes() async throws {
        let execution = ExecutionOptions(shardSize: .rows(4))
        let whole = try await map([examples], execution: execution)
        await #expect(throws: CancellationError.self) {
            try await map([examples], execution: execution, key: "stopped", stopAfter: 2)
        }
        let pieces = try FileManager.default.contentsOfDirectory(atPath: harness.stagingFolder("stopped").path)
        #expect(pieces.contains { $0.contains("vectors-0-4") })
        #expect(try await map([examples], execution: execution, key: "stopped").artifacts == whole.artifacts)
    }

    @Test("a prompt that many candidates answer is one text, their responses are many; empty ones are counted")
    func candidatesOfAPrompt() async throws {
        let texts = try candidates([
            "The Rhine.", "The Po.", "The Po.", " \n", "Elbe, Oder", "Ebro", "Loire", "Tagus",
        ])
        let asked = try await map([texts]) { $0.method = .pca }
        #expect(try points(asked).map(\.rowID) == ["p0", "p1", "p2", "p3"])
        #expect(asked.summary["repeated"] == ["group-1": 4])
        let answered = try await map([texts]) { ($0.of, $0.method) = (.response, .pca) }
        #expect(try points(answered).count == 7 && answered.summary["empty"] == ["group-1": 1])
        #expect(harness.warnings == ["group 'group-1': 1 texts are empty and not on the map"])
        #expect(try measurements(answered)["group-1.duplicates"]?.value == 1.0 / 7)
        let places = try points(answered)
        // Equal texts lie in one place.
        #expect(abs(places[1].x - places[2].x) < 1e-9 && abs(places[1].y - places[2].y) < 1e-9)
    }

    @Test("inputs of one name are one group; of more than the limit some are drawn, and the same ones again")
    func groups() async throws {
        let more = try prompts((0..<9).map { "List \($0 + 3) uses of string." })
        let outputs = try await map([examples, judged, more]) {
            ($0.groups, $0.limit, $0.method) = (["human", "judge", "human"], 6, .pca)
        }
        let points = try points(outputs)
        #expect(points.map(\.group) == ["human", "judge"].flatMap { [String](repeating: $0, count: 6) })
        #expect(outputs.summary["over_limit"] == ["human": 13, "judge": 6])
        // One row more leaves all that are drawn but one at most where they were.
        let rows = try harness.store.reader(examples, as: SeedExample.self).all()
        func drawn(_ rows: [SeedExample]) async throws -> Set<String> {
            Set(
                try self.points(await map([harness.artifact(rows)]) { ($0.limit, $0.method) = (5, .pca) }).map(
                    \.rowID))
        }
        let few = try await drawn(Array(rows.dropLast())), all = try await drawn(rows)
        #expect(few.count == 5 && few.intersection(all).count >= 4)
    }

    @Test("nothing, one text, few texts and equal ones: clear words, and no number that is none")
    func degenerate() async throws {
        let none = try await map([prompts([])]) { $0.groups = ["m2"] }
        #expect(try points(none).isEmpty && measurements(none)["m2.rouge_l"]?.value == nil)
        #expect(harness.warnings == ["group 'm2' has no texts; it is not on the map"])
        let one = try points(await map([prompts(["Name a river."])]))
        #expect(one.count == 1 && one[0].x == 0 && one[0].y == 0)
        _ = try await map([prompts(["Name a river.", "Name a lake.", "Sing."])])
        #expect(
            harness.warnings.last
                == "3 texts are too few for neighbourhoods; they are laid out by principal components")
        let same = try await map([prompts([String](repeating: "Name a river.", count: 7))])
        #expect(try points(same).allSatisfy { $0.x.isFinite && $0.y.isFinite })
        #expect(harness.warnings.contains { $0.hasPrefix("7 texts have more at one distance") })
        #expect(
            harness.warnings.contains(
                "a perplexity of 30.0 wants 91 texts, and there are 7; it is lowered to a third of the others"))
        let beside = try await map([prompts([]), examples]) { $0.groups = ["m2", "ift"] }
        #expect(try points(beside).count == 10 && measurements(beside)["m2.ift.separation"]?.value == nil)
        let long = try await map([prompts([String(repeating: "river lake ", count: 500)])])
        #expect(long.summary["cut"] == 1)
        #expect(try points(long)[0].text.unicodeScalars.count == 241)
    }

    @Test("what cannot be mapped is refused with a remedy")
    func refusals() async throws {
        let texts = try prompts(["Name a river."])
        await #expect(
            throws: StageError.noSuchText(port: "texts[1]", schema: "prompt/1", part: "response")
        ) { try await map([examples, texts]) { $0.of = .response } }
        #expect(
            "\(StageError.noSuchText(port: "texts[1]", schema: "prompt/1", part: "response"))"
                == "'texts[1]' holds rows of 'prompt/1', which have no response; connect rows that have one, or set 'of' of "
                + "the 'map-texts' stage")
        let error = await #expect(throws: StageError.self) { try await map([texts]) { $0.groups = ["a", "b"] } }
        #expect("\(try #require(error))".contains("parameter 'groups' has 2 names for 1 inputs of 'texts'"))
        let many = try harness.artifact(
            (0..<2001).map {
                GeneratedPrompt(text: "Name \($0)", demonstrations: [], round: 0, request: $0, position: 0)
            })
        let tooMany = await #expect(throws: StageError.self) {
            try await map([many, many]) { ($0.groups, $0.limit) = (["a", "b"], 4000) }
        }
        #expect("\(try #require(tooMany))".hasSuffix("a map takes 4000; set it to 2000 or less"))
        // However far each step goes, the places stay numbers.
        let wild = try await map([examples]) { ($0.learningRate, $0.iterations, $0.perplexity) = (1e6, 600, 3) }
        #expect(try points(wild).allSatisfy { $0.x.isFinite && $0.y.isFinite })
    }

    @Test("names and numbers that cannot be are refused before anything runs")
    func parameters() {
        func make(_ change: (inout MapTextsStage.Parameters) -> Void) throws {
            var parameters = MapTextsStage.Parameters()
            change(&parameters)
            _ = try MapTextsStage(parameters: parameters)
        }
        for name in ["", "a.b", "m 2", "é", String(repeating: "x", count: 41), "a\n"] {
            #expect(throws: StageError.self) { try make { $0.groups = [name] } }
        }
        for value in [0.5, -1, .infinity, .nan, 4001] {
            #expect(throws: StageError.self) { try make { $0.perplexity = value } }
        }
        for value in [0, -1, .infinity, .nan] {
            #expect(throws: StageError.self) { try make { $0.learningRate = value } }
        }
        #expect(throws: Never.self) { try make { ($0.groups, $0.learningRate) = (["ift", "M_2-x"], 200) } }
    }

    @Test("the overlay maps what the loop has: prompts, and responses", arguments: ["iter3.yaml", "smoke.yaml"])
    func overlay(file: String) throws {
        let folder = SharedData.repository.appending(path: "pipelines")
        let plan = try PlanLoader(registry: StandardStages.registry).load(
            folder.appending(path: file).path, overlays: [folder.appending(path: "evaluations/text-map.yaml").path])
        for (name, last) in [("map.prompts", "m3.prompts.prompts"), ("map.responses", "m3.candidates.candidates")] {
            let stage = try #require(plan.stage(named: name))
            let texts = try #require(stage.connections.first { $0.port.name == "texts" }).origins.map(\.description)
            #expect(texts.first == "seeds.examples" && texts.last == last)
            #expect(stage.parameters["groups"]?.arrayValue?.count == texts.count)
            #expect(stage.connections.first { $0.port.name == "model" }?.origins.map(\.description) == ["m0.model"])
        }
    }
}
