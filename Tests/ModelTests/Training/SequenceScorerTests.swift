import Foundation
import Model
import Testing

@Suite("Sequence scorer")
struct SequenceScorerTests {
    /// Requests of many lengths, some over one prompt.
    static let requests: [SequenceScorer.Request] = (0..<40).map { index in
        let prompt = RandomModel.sequence(3 + index / 4 * 9, firstTarget: 1, seed: UInt64(index / 4)).tokens
        let completion = RandomModel.sequence(1 + index * 3 % 17, firstTarget: 1, seed: UInt64(100 + index)).tokens
        return SequenceScorer.Request(prompt: prompt, completion: completion)
    }

    @Test("an example's bits do not depend on what is scored beside it", arguments: Precision.allCases)
    func independence(precision: Precision) throws {
        let model = try RandomModel.make(), pool = WorkerPool(threads: 2)
        let scorer = SequenceScorer(model: model, precision: precision, pool: pool)
        let together = try scorer.score(Self.requests)
        for (index, request) in Self.requests.enumerated() {
            #expect(try scorer.score([request]) == [together[index]], "request \(index)")
        }
        let small = SequenceScorer(
            model: model, precision: precision, pool: WorkerPool(threads: 1), tokensPerMicroBatch: 50)
        #expect(try small.score(Self.requests) == together)
        #expect(try scorer.score(Self.requests.reversed()) == together.reversed())
    }

    @Test("a request that cannot be scored is named")
    func refusals() throws {
        let scorer = try SequenceScorer(model: RandomModel.make(), pool: WorkerPool(threads: 1))
        #expect(throws: ModelError.example(place: "scoring request 1", problem: "the completion is empty")) {
            try scorer.score([.init(prompt: [1], completion: [2]), .init(prompt: [1], completion: [])])
        }
        #expect(throws: ModelError.self) { try scorer.score([.init(prompt: [1], completion: [37])]) }
        #expect(try scorer.score([]).isEmpty)
    }
}
