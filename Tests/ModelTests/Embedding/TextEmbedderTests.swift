import Foundation
import Model
import Testing

@Suite("Text embedder")
struct TextEmbedderTests {
    /// Texts of many lengths, some beginning alike, the last as the first, and one the beginning of another.
    private static let texts: [[Int32]] = {
        let own = (0..<28).map { index -> [Int32] in
            var generator = Philox(key: UInt64(index))
            let tail = (0..<(1 + index * 7 % 61)).map { _ in Int32(generator.below(97)) }
            return (index % 3 == 0 ? [5, 6, 7] : []) + tail
        }
        return own + [Array(own[6].prefix(9)), own[0]]
    }()

    @Test("a vector is the mean of the last states after the final norm, of length 1, as double precision has it")
    func oracle() throws {
        let model = try TinyModel.make()
        let embedder = TextEmbedder(model: model, pool: WorkerPool(threads: 2))
        let vectors = try embedder.embeddings(of: Self.texts)
        for (tokens, vector) in zip(Self.texts, vectors).prefix(8) {
            let states = TinyModel.states(model, tokens)
            let sum = states[0].indices.map { column in states.reduce(0) { $0 + $1[column] } }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for (found, expected) in zip(vector, sum) { #expect(abs(found - expected / length) < 1e-5) }
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
        }
    }

    @Test(
        "a text's bits do not depend on what is computed beside it, or by how many threads",
        arguments: Precision.allCases)
    func independence(precision: Precision) throws {
        let model = try TinyModel.make()
        func embedder(threads: Int, tokens: Int) -> TextEmbedder {
            TextEmbedder(
                model: model, precision: precision, pool: WorkerPool(threads: threads), tokensPerMicroBatch: tokens)
        }
        let wide = embedder(threads: 2, tokens: 2048)
        let together = try wide.embeddings(of: Self.texts)
        #expect(together[0] == together[29] && together[0] != together[1])
        #expect(try embedder(threads: 1, tokens: 40).embeddings(of: Self.texts) == together)
        #expect(try wide.embeddings(of: Self.texts.reversed()) == together.reversed())
        for (index, text) in Self.texts.enumerated() {
            #expect(try wide.embeddings(of: [text]) == [together[index]], "text \(index)")
        }
    }

    @Test("a text that cannot be embedded is named")
    func refusals() throws {
        let model = try TinyModel.make()
        let embedder = TextEmbedder(model: model, pool: WorkerPool(threads: 1))
        #expect(throws: ModelError.example(place: "embedding text 1", problem: "there is no token")) {
            try embedder.embeddings(of: [[1], []])
        }
        #expect(throws: ModelError.self) { try embedder.embeddings(of: [[97]]) }
        #expect(throws: ModelError.self) {
            try embedder.embeddings(of: [[Int32](repeating: 1, count: model.configuration.contextLength + 1)])
        }
        #expect(
            try embedder.embeddings(of: [[Int32](repeating: 1, count: model.configuration.contextLength)]).count == 1)
        #expect(try embedder.embeddings(of: []).isEmpty)
        model.parameters[model.layout.finalNorm] = .infinity
        #expect(throws: ModelError.notFinite(place: "embedding text 0")) { try embedder.embeddings(of: [[1, 2]]) }
    }

    @Test("states of nothing but zeros give a vector of zeros, and not a number that is none")
    func zeros() throws {
        let model = try TinyModel.make()
        for column in 0..<model.configuration.hiddenSize { model.parameters[model.layout.finalNorm + column] = 0 }
        let vectors = try TextEmbedder(model: model, pool: WorkerPool(threads: 1)).embeddings(of: [[1, 2, 3]])
        #expect(vectors == [[Double](repeating: 0, count: model.configuration.hiddenSize)])
    }
}
