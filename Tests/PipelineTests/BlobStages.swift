import Artifacts
import Foundation
import Pipeline

/// A row that names a blob, as the rows of a checkpoint do.
struct CarriedRow: Record {
    static let schema = RecordSchema("carried", version: 1)
    var id: String
    var digest: ContentDigest
    var hops: Int

    init(_ digest: ContentDigest, hops: Int) {
        id = RecordID.derive("carried", [.string(digest.hex), .integer(Int64(hops))])
        self.digest = digest
        self.hops = hops
    }
}

/// Stores a text as a blob, and gives a row that names it.
struct LoadStage: Stage {
    struct Parameters: StageParameters {
        var text = "weights"
        /// Whether the result says which blob its row names, as it should.
        var declares = true
    }
    static let kind: StageKind = "load"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("cargo", schema: "carried/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let blob = try context.storeBlob(Array(parameters.text.utf8)).digest
        return StageOutputs(
            ["cargo": try context.write([CarriedRow(blob, hops: 0)], to: "cargo")],
            blobs: parameters.declares ? [blob] : [])
    }
}

/// Passes a blob on without looking at it, as a training does with a tokenizer.
struct CarryStage: Stage {
    typealias Parameters = NoParameters
    static let kind: StageKind = "carry"
    static let version = 1
    static let inputs = [Port("cargo", schema: "carried/1")]
    static let outputs = [Port("cargo", schema: "carried/1")]
    init(parameters: NoParameters) {}

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let rows = try inputs.rows("cargo", as: CarriedRow.self).map { CarriedRow($0.digest, hops: $0.hops + 1) }
        return StageOutputs(["cargo": try context.write(rows, to: "cargo")], blobs: rows.map(\.digest))
    }
}

/// Gives the number of bytes of each blob that its input names.
struct WeighStage: Stage {
    struct Parameters: StageParameters {
        var factor = 1
    }
    static let kind: StageKind = "weigh"
    static let version = 1
    static let inputs = [Port("cargo", schema: "carried/1")]
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let sizes = try inputs.rows("cargo", as: CarriedRow.self).map { row in
            try Data(contentsOf: context.blobURL(row.digest)).count * parameters.factor
        }
        return try NumberStages.write(sizes, to: "numbers", context)
    }
}

/// Gives another number each time while its tag is in trouble, as no stage should.
struct FickleStage: Stage {
    struct Parameters: StageParameters {
        var tag = ""
    }
    static let kind: StageKind = "fickle"
    static let version = 1
    static let inputs: [Port] = []
    static let outputs = [Port("numbers", schema: "number/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        try NumberStages.write([Trouble.isDue(parameters.tag, at: 0) ? 2 : 1], to: "numbers", context)
    }
}
