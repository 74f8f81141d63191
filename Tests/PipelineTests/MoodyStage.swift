import Artifacts
import Pipeline

/// A row with a fraction, so that results can be close.
struct FractionRow: Record, Equatable {
    static let schema = RecordSchema("fraction", version: 1)
    var id: String
    var value: Double

    init(_ position: Int, _ value: Double) {
        id = RecordID.derive("fraction", [.integer(Int64(position)), .number(value)])
        self.value = value
    }
}

/// Halves numbers row by row, in a way that can depend on what it must not depend on.
struct MoodyStage: Stage {
    enum Mood: String, Codable, Sendable {
        case steady
        /// The rows come in the order in which shards were computed.
        case order
        /// The last digits depend on the threads.
        case digits
        /// A row depends on how many stand beside it in its shard.
        case company
        /// One row less with more than one thread.
        case forgetful
    }
    struct Parameters: StageParameters {
        var mood = Mood.steady
    }
    static let kind: StageKind = "moody"
    static let version = 1
    static let inputs = [Port("numbers", schema: "number/1")]
    static let outputs = [Port("fractions", schema: "fraction/1")]
    let parameters: Parameters
    init(parameters: Parameters) { self.parameters = parameters }

    var rowPort: String? { "numbers" }

    func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        let numbers = try inputs.rows("numbers", as: NumberRow.self).map(\.value)
        var rows = try await context.shards("fractions", of: FractionRow.self, items: numbers.count) { range in
            range.flatMap { position in
                // Two rows for each number.
                [2.0, 4.0].map {
                    FractionRow(numbers[position], value(Double(numbers[position]) / $0, range, context))
                }
            }
        }
        if parameters.mood == .order, context.execution.reversesShards { rows.reverse() }
        if parameters.mood == .forgetful, context.execution.threads > 1 { rows.removeLast() }
        return StageOutputs(["fractions": try context.write(rows, to: "fractions")])
    }

    private func value(_ value: Double, _ shard: Range<Int>, _ context: StageContext) -> Double {
        switch parameters.mood {
        case .digits: value * (1 + Double(context.execution.threads) * 1e-9)
        case .company: value + Double(shard.count)
        case .steady, .order, .forgetful: value
        }
    }
}
