import Foundation
import Model

/// A small model with random weights, and its forward pass written out in double precision.
enum TinyModel {
    static func make(
        vocabularySize: Int = 97, headCount: Int = 6, keyValueHeadCount: Int = 2, headSize: Int = 8,
        contextLength: Int = 200, tiesEmbeddings: Bool = false, seed: UInt64 = 1
    ) throws -> LanguageModel {
        let model = try LanguageModel(
            configuration: ModelConfiguration(
                vocabularySize: vocabularySize, hiddenSize: 48, intermediateSize: 80, layerCount: 2,
                headCount: headCount, keyValueHeadCount: keyValueHeadCount, headSize: headSize, ropeTheta: 10_000,
                normEpsilon: 1e-5, contextLength: contextLength, tiesEmbeddings: tiesEmbeddings))
        var generator = Philox(key: seed)
        for tensor in model.layout.tensors {
            // Logits spread over a few units, so that neither one token nor all of them get the probability.
            let scale = tensor.isMatrix ? 4 / Double(tensor.shape[1]).squareRoot() : 0.2
            for index in tensor.range {
                model.parameters[index] = Float((generator.uniform() - 0.5) * scale + (tensor.isMatrix ? 0 : 1))
            }
        }
        return model
    }

    /// Log-probabilities (vocabularySize) of the token after `tokens`: no cache, no sharing, no blocks.
    static func nextLogProbabilities(_ model: LanguageModel, _ tokens: [Int32]) -> [Double] {
        let state = states(model, tokens)[tokens.count - 1], output = model.layout.output
        let logits = (0..<output.outFeatures).map { n in
            state.indices.reduce(0) {
                $0 + state[$1] * Double(model.parameters[output.offset + n * state.count + $1])
            }
        }
        let largest = logits.max()!
        let shift = largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
        return logits.map { $0 - shift }
    }

    /// The last hidden states (tokens, hiddenSize) after the final norm.
    static func states(_ model: LanguageModel, _ tokens: [Int32]) -> [[Double]] {
        let shape = model.configuration, C = shape.hiddenSize, D = shape.headSize, T = tokens.count
        func weight(_ index: Int) -> Double { Double(model.parameters[index]) }
        func multiply(_ rows: [[Double]], _ matrix: ParameterLayout.Matrix) -> [[Double]] {
            rows.map { row in
                (0..<matrix.outFeatures).map { n in
                    row.indices.reduce(0) { $0 + row[$1] * weight(matrix.offset + n * row.count + $1) }
                }
            }
        }
        func norm(_ rows: [[Double]], _ offset: Int) -> [[Double]] {
            rows.map { row in
                let scale = 1 / (row.reduce(0) { $0 + $1 * $1 } / Double(C) + shape.normEpsilon).squareRoot()
                return row.indices.map { row[$0] * scale * weight(offset + $0) }
            }
        }
        func rotate(_ head: ArraySlice<Double>, _ position: Int) -> [Double] {
            let x = Array(head), half = D / 2
            return (0..<D).map { d in
                let j = d % half
                let angle = Double(position) * pow(shape.ropeTheta, -2 * Double(j) / Double(D))
                return d < half ? x[j] * cos(angle) - x[j + half] * sin(angle) : x[d] * cos(angle) + x[j] * sin(angle)
            }
        }
        func sum(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] { zip(a, b).map { zip($0, $1).map(+) } }
        var x = tokens.map { token in (0..<C).map { weight(model.layout.embedding + Int(token) * C + $0) } }
        let Q = shape.querySize, KV = shape.keyValueSize, group = shape.headCount / shape.keyValueHeadCount
        for layer in model.layout.layers {
            let mixed = multiply(norm(x, layer.attentionNorm), layer.queryKeyValue)
            var attended = [[Double]](repeating: [], count: T)
            for head in 0..<shape.headCount {
                let keyHead = head / group
                let keys = (0..<T).map { rotate(mixed[$0][(Q + keyHead * D)..<(Q + keyHead * D + D)], $0) }
                for t in 0..<T {
                    let query = rotate(mixed[t][(head * D)..<(head * D + D)], t)
                    let scores = (0...t).map { s in
                        zip(query, keys[s]).reduce(0) { $0 + $1.0 * $1.1 } / Double(D).squareRoot()
                    }
                    let weights = scores.map { exp($0 - scores.max()!) }, total = weights.reduce(0, +)
                    attended[t] += (0..<D).map { d in
                        (0...t).reduce(0) { $0 + weights[$1] / total * mixed[$1][Q + KV + keyHead * D + d] }
                    }
                }
            }
            x = sum(x, multiply(attended, layer.attentionOutput))
            let gateUp = multiply(norm(x, layer.feedForwardNorm), layer.gateUp)
            let gated = gateUp.map { row in
                (0..<shape.intermediateSize).map { row[$0] / (1 + exp(-row[$0])) * row[shape.intermediateSize + $0] }
            }
            x = sum(x, multiply(gated, layer.down))
        }
        return norm(x, model.layout.finalNorm)
    }
}

/// Tokens as letters: 0 is "a", 26 is "a" again.
struct Letters: TokenDecoding {
    func bytes(of token: Int32) -> [UInt8] { [UInt8(97 + token % 26)] }
}
