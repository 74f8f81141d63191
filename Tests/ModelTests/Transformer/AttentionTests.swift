import Foundation
import Model
import Testing

@Suite("Attention over a packed batch")
struct AttentionTests {
    static let shape = ModelConfiguration(
        vocabularySize: 10, hiddenSize: 8, intermediateSize: 8, layerCount: 1, headCount: 4, keyValueHeadCount: 2,
        headSize: 6, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 2048, tiesEmbeddings: true)
    static let width = (4 + 2 * 2) * 6

    /// Attention of one sequence's rows, by the definition, in double precision.
    static func oracle(_ rows: [Double]) -> [Double] {
        let count = rows.count / width, size = 6
        var output = [Double](repeating: 0, count: count * 4 * size)
        for row in 0..<count {
            for head in 0..<4 {
                let keyHead = head / 2
                func dot(_ other: Int) -> Double {
                    (0..<size).reduce(0) {
                        $0 + rows[row * width + head * size + $1] * rows[other * width + (4 + keyHead) * size + $1]
                    } / Double(size).squareRoot()
                }
                let weights = RowKernelTests.softmax((0...row).map(dot), scale: 1)
                for d in 0..<size {
                    output[row * 4 * size + head * size + d] = (0...row).reduce(0) {
                        $0 + weights[$1] * rows[$1 * width + (6 + keyHead) * size + d]
                    }
                }
            }
        }
        return output
    }

    /// Packed forward and backward; gradients start from `start`.
    static func run(
        _ batch: PackedBatch, _ input: [Float], upstream: [Float], start: Float = 0,
        precision: Precision = .single, threads: Int = 2
    ) -> (output: [Float], gradient: [Float]) {
        let attention = Attention(shape, precision: precision, pool: WorkerPool(threads: threads))
        let plan = AttentionPlan(batch)
        let scratch = FloatBuffer(count: attention.scratchCount(plan, backward: true))
        var output = [Float](repeating: 7, count: batch.rows * 24)
        var gradient = [Float](repeating: start, count: input.count)
        attention.forward(input, plan: plan, into: &output, scratch: scratch.pointer)
        attention.backward(
            input, plan: plan, outputGradient: upstream, gradient: &gradient, scratch: scratch.pointer)
        return (output, gradient)
    }

    /// A sequence that needs `length` rows.
    static func sequence(_ length: Int, seed: UInt64 = 1) -> TargetedSequence {
        RandomModel.sequence(length + 1, firstTarget: 1, seed: seed, vocabulary: 10)
    }

    @Test("agrees with the definition, forward and backward", arguments: [1, 2, 17, 49])
    func definition(length: Int) {
        let batch = PackedBatch([Self.sequence(length)])
        let input = Oracle.values(length * Self.width, 30), upstream = Oracle.values(length * 24, 31)
        let found = Self.run(batch, input, upstream: upstream, start: 1)
        Oracle.expect(found.output, near: Self.oracle(input.map(Double.init)), terms: 64)
        if length <= 17 {
            let exact = Oracle.gradient(input, upstream: upstream, Self.oracle)
            Oracle.expect(found.gradient, near: exact.map { 1 + $0 }, terms: 64)
        }
    }

    @Test("long sequences, cut into segments, agree with the definition")
    func longSequence() {
        let length = 600
        let batch = PackedBatch([Self.sequence(length)])
        #expect(batch.segments.count == 3)
        let input = Oracle.values(length * Self.width, 32), upstream = Oracle.values(length * 24, 33)
        let found = Self.run(batch, input, upstream: upstream)
        Oracle.expect(found.output, near: Self.oracle(input.map(Double.init)), terms: 64)
        // A few places of the gradient, by differences along them.
        let point = input.map(Double.init)
        for place in [0, 24, 40, 255 * Self.width + 30, 256 * Self.width + 25, 599 * Self.width + 47] {
            var above = point, below = point
            above[place] += 1e-5
            below[place] -= 1e-5
            let exact = zip(zip(Self.oracle(above), Self.oracle(below)), upstream).reduce(0.0) {
                $0 + ($1.0.0 - $1.0.1) / 2e-5 * Double($1.1)
            }
            #expect(abs(Double(found.gradient[place]) - exact) < 1e-4 * max(1, abs(exact)), "place \(place)")
        }
    }

    @Test("bfloat16 stays within its own rounding of single precision", arguments: [1, 2, 17, 49, 300])
    func bfloat16(length: Int) {
        let batch = PackedBatch([Self.sequence(length)])
        let input = Oracle.values(length * Self.width, 38), upstream = Oracle.values(length * 24, 39)
        let exact = Self.run(batch, input, upstream: upstream)
        let found = Self.run(batch, input, upstream: upstream, precision: .bfloat16)
        for (values, others) in [(exact.output, found.output), (exact.gradient, found.gradient)] {
            func norm(_ values: some Sequence<Float>) -> Float {
                values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
            // Two or three factors in a row, each off by at most a 512th.
            #expect(norm(zip(values, others).map(-)) < 6e-3 * norm(values))
        }
    }

    @Test("branches see their ancestors as if alone, and their gradients add up", arguments: Precision.allCases)
    func branches(precision: Precision) {
        // Two sequences over one prompt of 20 rows, with 7 and 13 rows of their own.
        let first = RandomModel.sequence(28, firstTarget: 20, seed: 3, vocabulary: 10)
        var second = RandomModel.sequence(34, firstTarget: 20, seed: 4, vocabulary: 10)
        second.tokens.replaceSubrange(..<20, with: first.tokens[..<20])
        let batch = PackedBatch([first, second])
        #expect(batch.rows == 20 + 7 + 13)
        let input = Oracle.values(batch.rows * Self.width, 34), upstream = Oracle.values(batch.rows * 24, 35)
        let found = Self.run(batch, input, upstream: upstream, precision: precision)

        func part(_ values: [Float], _ width: Int, _ rows: [Int]) -> [Float] {
            rows.flatMap { values[($0 * width)..<(($0 + 1) * width)] }
        }
        let firstRows = Array(0..<27), secondRows = Array(0..<20) + Array(27..<40)
        var sum = [Double](repeating: 0, count: input.count)
        for (sequence, rows, ownStart) in [(first, firstRows, 0), (second, secondRows, 20)] {
            var own = part(upstream, 24, rows)
            // The shared rows' upstream gradient counts once.
            for index in 0..<(ownStart * 24) { own[index] = 0 }
            let alone = Self.run(
                PackedBatch([sequence]), part(input, Self.width, rows), upstream: own, precision: precision)
            #expect(alone.output == part(found.output, 24, rows))
            for (offset, row) in rows.enumerated() {
                for column in 0..<Self.width {
                    sum[row * Self.width + column] += Double(alone.gradient[offset * Self.width + column])
                }
            }
        }
        Oracle.expect(found.gradient, near: sum, terms: 32)
    }

    @Test("does not depend on the number of threads", arguments: [1, 3, 4], Precision.allCases)
    func threads(count: Int, precision: Precision) {
        let batch = PackedBatch([Self.sequence(300), Self.sequence(70, seed: 5), Self.sequence(1, seed: 6)])
        let input = Oracle.values(batch.rows * Self.width, 36), upstream = Oracle.values(batch.rows * 24, 37)
        let expected = Self.run(batch, input, upstream: upstream, precision: precision, threads: 2)
        let found = Self.run(batch, input, upstream: upstream, precision: precision, threads: count)
        #expect(found.output == expected.output)
        #expect(found.gradient == expected.gradient)
    }
}
