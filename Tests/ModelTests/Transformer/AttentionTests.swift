import Foundation
import Model
import Testing

@Suite("Attention over a packed batch")
struct AttentionTests {
    static let shape = configuration(heads: 4, keyValueHeads: 2, headSize: 6)
    static let width = (4 + 2 * 2) * 6
    /// Heads that take two panels of a right factor in bfloat16, the second of them not full.
    static let wide = configuration(heads: 3, keyValueHeads: 1, headSize: 80)

    private static func configuration(heads: Int, keyValueHeads: Int, headSize: Int) -> ModelConfiguration {
        ModelConfiguration(
            vocabularySize: 10, hiddenSize: 8, intermediateSize: 8, layerCount: 1, headCount: heads,
            keyValueHeadCount: keyValueHeads, headSize: headSize, ropeTheta: 10_000, normEpsilon: 1e-5,
            contextLength: 2048, tiesEmbeddings: true)
    }

    /// Attention of one sequence's rows, by the definition, in double precision.
    static func oracle(_ rows: [Double], _ shape: ModelConfiguration = shape) -> [Double] {
        let (heads, size) = (shape.headCount, shape.headSize), keyHeads = shape.keyValueHeadCount
        let width = (heads + 2 * keyHeads) * size, count = rows.count / width
        var output = [Double](repeating: 0, count: count * heads * size)
        for row in 0..<count {
            for head in 0..<heads {
                let keyHead = head / (heads / keyHeads)
                func dot(_ other: Int) -> Double {
                    (0..<size).reduce(0) {
                        $0 + rows[row * width + head * size + $1]
                            * rows[other * width + (heads + keyHead) * size + $1]
                    } / Double(size).squareRoot()
                }
                let weights = RowKernelTests.softmax((0...row).map(dot), scale: 1)
                for d in 0..<size {
                    output[row * heads * size + head * size + d] = (0...row).reduce(0) {
                        $0 + weights[$1] * rows[$1 * width + (heads + keyHeads + keyHead) * size + d]
                    }
                }
            }
        }
        return output
    }

    /// Packed forward and backward; gradients start from `start`.
    static func run(
        _ batch: PackedBatch, _ input: [Float], upstream: [Float], start: Float = 0,
        shape: ModelConfiguration = shape, precision: Precision = .single, threads: Int = 2
    ) -> (output: [Float], gradient: [Float]) {
        let attention = Attention(shape, precision: precision, pool: WorkerPool(threads: threads))
        let plan = AttentionPlan(batch)
        let scratch = FloatBuffer(count: attention.scratchCount(plan, backward: true))
        var output = [Float](repeating: 7, count: upstream.count)
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
            let exact = Oracle.gradient(input, upstream: upstream) { Self.oracle($0) }
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

    /// ‖values - others‖ against ‖others‖.
    private static func distance(_ values: [Double], _ others: [Double]) -> Double {
        func norm(_ values: some Sequence<Double>) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        return norm(zip(values, others).map(-)) / norm(others)
    }

    /// Two or three factors in a row, each off by at most a 512th.
    private static let bfloat16Bound = 6e-3

    @Test(
        "bfloat16 stays within its own rounding of single precision", arguments: [1, 2, 17, 49, 300],
        [shape, wide])
    func bfloat16(length: Int, shape: ModelConfiguration) {
        let batch = PackedBatch([Self.sequence(length)])
        let outputs = shape.headCount * shape.headSize, all = outputs + 2 * shape.keyValueHeadCount * shape.headSize
        let input = Oracle.values(length * all, 38), upstream = Oracle.values(length * outputs, 39)
        let exact = Self.run(batch, input, upstream: upstream, shape: shape)
        let found = Self.run(batch, input, upstream: upstream, shape: shape, precision: .bfloat16)
        #expect(Self.distance(found.output.exact, exact.output.exact) < Self.bfloat16Bound)
        #expect(Self.distance(found.gradient.exact, exact.gradient.exact) < Self.bfloat16Bound)
    }

    @Test(
        "heads of two panels agree with the definition, forward and backward", arguments: [1, 7, 52],
        Precision.allCases)
    func wideHeads(length: Int, precision: Precision) {
        let batch = PackedBatch([Self.sequence(length)]), width = (3 + 2) * 80
        let input = Oracle.values(length * width, 30), upstream = Oracle.values(length * 3 * 80, 31)
        let found = Self.run(batch, input, upstream: upstream, shape: Self.wide, precision: precision)
        func expect(_ found: [Float], near exact: [Double]) {
            switch precision {
            case .single: Oracle.expect(found, near: exact, terms: 64)
            case .bfloat16: #expect(Self.distance(found.exact, exact) < Self.bfloat16Bound)
            }
        }
        expect(found.output, near: Self.oracle(input.exact, Self.wide))
        // Where there are many, a few of all: queries, keys and values of both panels in early rows and late ones.
        let places = Array(stride(from: 0, to: input.count, by: length <= 7 ? 1 : 91))
        let point = input.exact
        let exact = places.map { place in
            var above = point, below = point
            above[place] += 1e-5
            below[place] -= 1e-5
            return zip(zip(Self.oracle(above, Self.wide), Self.oracle(below, Self.wide)), upstream)
                .reduce(0) { $0 + ($1.0.0 - $1.0.1) / 2e-5 * Double($1.1) }
        }
        expect(places.map { found.gradient[$0] }, near: exact)
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
