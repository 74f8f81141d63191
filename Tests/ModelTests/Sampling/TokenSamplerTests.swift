import Foundation
import Model
import TestSupport
import Testing

@Suite("Sampling a token")
struct TokenSamplerTests {
    static func candidates(_ logits: [Float], _ parameters: SamplingParameters) -> [TokenSampler.Candidate] {
        logits.withUnsafeBufferPointer {
            TokenSampler(vocabularySize: logits.count).candidates($0.baseAddress!, parameters)
        }
    }

    static func choose(
        _ logits: [Float], _ parameters: SamplingParameters, uniform: Double
    ) throws -> TokenSampler.Choice {
        try logits.withUnsafeBufferPointer {
            try TokenSampler(vocabularySize: logits.count).choose($0.baseAddress!, parameters, uniform: uniform)
        }
    }

    static func randomLogits(_ count: Int, stream: UInt64, spread: Float) -> [Float] {
        var generator = Philox(key: 5, stream: stream)
        return (0..<count).map { _ in (Float(generator.uniform()) - 0.5) * spread }
    }

    @Test("temperature 0 takes the largest logit, the lowest id among equals")
    func greedy() throws {
        #expect(try Self.choose([1, 3, -2, 3, 0], .greedy, uniform: 0.99).token == 1)
        var wide = Self.randomLogits(1_000, stream: 1, spread: 4)
        wide[700] = 9
        wide[303] = 9
        #expect(try Self.choose(wide, .greedy, uniform: 0.5).token == 303)
    }

    @Test("log-probability is at temperature 1 whatever the temperature", arguments: [0, 0.5, 1, 3])
    func logProbability(temperature: Double) throws {
        let logits: [Float] = [0, Float(log(3.0))]
        // Probabilities are 1/4 and 3/4; uniform 0.99 lands on the last token walked.
        let choice = try Self.choose(logits, .init(temperature: temperature, topP: 1), uniform: 0.99)
        #expect(abs(choice.logProbability - log(choice.token == 1 ? 0.75 : 0.25)) < 1e-7)
    }

    @Test(
        "top-p keeps what sorting the whole vocabulary keeps", arguments: [0.01, 1, 8, 40] as [Float],
        [0, 0.1, 0.5, 0.9, 0.999])
    func nucleusAgainstFullSort(spread: Float, topP: Double) {
        let logits = Self.randomLogits(3_001, stream: 2, spread: spread)
        let temperature = 0.7
        let weights = logits.map { exp((Double($0) - Double(logits.max()!)) / temperature) }
        let total = weights.reduce(0, +)
        let order = logits.indices.sorted { (logits[$0], $0) > (logits[$1], $1) }
        var held = 0.0, kept: [Int32] = []
        for index in order where kept.isEmpty || held < topP * total {
            held += weights[index]
            kept.append(Int32(index))
        }
        let result = Self.candidates(logits, .init(temperature: temperature, topP: topP)).map(\.token)
        // The cut may fall one token off where the cumulative sum stands within rounding of p.
        #expect(abs(result.count - kept.count) <= 1)
        #expect(zip(result, kept).allSatisfy(==))
    }

    @Test("temperature comes before top-p (lucidrains: the other way round)")
    func temperatureFirst() {
        let logits = [0.5, 0.3, 0.2].map { Float(log($0)) }
        // At temperature 1/2 the probabilities are 25/38, 9/38 and 4/38: the first alone holds 0.6. Before it, two do.
        #expect(Self.candidates(logits, .init(temperature: 0.5, topP: 0.6)).map(\.token) == [0])
        #expect(Self.candidates(logits, .init(temperature: 1, topP: 0.6)).map(\.token) == [0, 1])
        // At 2 they are as 0.707 : 0.548 : 0.447: two hold 0.74, so 0.75 takes all three. Before it, two hold 0.8.
        #expect(Self.candidates(logits, .init(temperature: 2, topP: 0.75)).map(\.token) == [0, 1, 2])
        #expect(Self.candidates(logits, .init(temperature: 1, topP: 0.75)).map(\.token) == [0, 1])
    }

    @Test("tokens come as often as their probabilities say")
    func frequencies() throws {
        let logits: [Float] = [0, 1, 2, 0.5], draws = 20_000
        var counts = [0, 0, 0, 0]
        for index in 0..<draws {
            let uniform = TokenSampler.uniform(key: 42, index: index)
            counts[Int(try Self.choose(logits, .init(temperature: 1, topP: 1), uniform: uniform).token)] += 1
        }
        let weights = logits.map { exp(Double($0)) }
        for (count, weight) in zip(counts, weights) {
            let p = weight / weights.reduce(0, +)
            // Five standard deviations of a binomial count.
            #expect(abs(Double(count) - p * Double(draws)) < 5 * (p * (1 - p) * Double(draws)).squareRoot())
        }
    }

    @Test(
        "logits that are no distribution are refused",
        arguments: [[.nan, 1], [.infinity, 1], [-.infinity, -.infinity]] as [[Float]])
    func notFinite(logits: [Float]) {
        for parameters in [
            SamplingParameters.greedy, .init(temperature: 0.7, topP: 0.9), .init(temperature: 1, topP: 1),
        ] {
            #expect(throws: ModelError.notFinite(place: "logits of the next token")) {
                try Self.choose(logits, parameters, uniform: 0.5)
            }
        }
    }

    @Test("parameters outside their range are refused")
    func ranges() {
        for (temperature, topP) in [(-1, 0.9), (1e-9, 0.9), (.nan, 0.9), (1, 1.5), (1, .nan), (1, -0.1)] {
            #expect(throws: ModelError.self) {
                try SamplingParameters(temperature: temperature, topP: topP).validate()
            }
        }
        #expect(throws: Never.self) { try SamplingParameters.greedy.validate() }
    }
}

@Suite("Sampling against peers")
struct SamplingPeerTests {
    struct Golden: Decodable {
        struct Vector: Decodable {
            var name: String
            var logits: [Float?]
            var settings: [Setting]
        }
        struct Setting: Decodable {
            var temperature: Double
            var top_p: Double
            var kept: [Int32]
            var probabilities: [Double]
            var float64_kept: [Int32]?
            var float64_difference: Double?
            var tie_at_cut: Bool?
            var threshold_margin: Double?
        }
        var vectors: [Vector]
    }

    @Test("keeps and weighs tokens as transformers does", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func golden() throws {
        let data = try Data(contentsOf: SharedData.url("golden/sampling/cases.json"))
        for vector in try JSONDecoder().decode(Golden.self, from: data).vectors {
            let logits = vector.logits.map { $0 ?? -.infinity }
            for setting in vector.settings {
                let place: Comment = "\(vector.name), \(setting.temperature), \(setting.top_p)"
                let result = TokenSamplerTests.candidates(
                    logits, .init(temperature: setting.temperature, topP: setting.top_p))
                let kept = result.map(\.token).sorted()
                if setting.tie_at_cut == true {
                    // The peer's own count stands within rounding of the threshold here.
                    #expect(kept.count == setting.kept.count || setting.threshold_margin != nil, place)
                } else {
                    #expect(
                        kept == setting.kept || kept == setting.float64_kept || setting.threshold_margin != nil, place
                    )
                }
                if kept.count != setting.kept.count { continue }
                let total = result.reduce(0.0) { $0 + Double($1.weight) }
                let probabilities = result.map { Double($0.weight) / total }.sorted()
                let expected = setting.probabilities.sorted().suffix(kept.count)
                let bound = max(1e-5, 3 * (setting.float64_difference ?? 0))
                #expect(zip(probabilities, expected).allSatisfy { abs($0 - $1) <= bound }, place)
            }
        }
    }

    struct Peer: Decodable {
        struct Case: Decodable {
            var sampler: String
            var probs: [Double]
            var expected_probs: [Double]
            var args: [String: Double]
        }
        struct Queue: Decodable {
            var n_vocab: Int
            var sequence: String
            var top_p: Double
        }
        var tolerance: Double
        var cases: [Case]
        var queue_cases: [Queue]
    }

    @Test("keeps and weighs tokens as llama.cpp does", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func llamaCpp() throws {
        let data = try Data(contentsOf: SharedData.url("sampling-vectors/llamacpp.json"))
        let peer = try JSONDecoder().decode(Peer.self, from: data)
        var compared = 0
        for test in peer.cases where ["temp", "top_p"].contains(test.sampler) {
            let logits = test.probs.map { Float(log($0)) }
            let parameters = SamplingParameters(
                temperature: test.args["temperature"] ?? 1, topP: test.args["p"] ?? 1)
            let result = TokenSamplerTests.candidates(logits, parameters)
            let total = result.reduce(0.0) { $0 + Double($1.weight) }
            let probabilities = result.map { Double($0.weight) / total }.sorted(by: >)
            let expected = test.expected_probs.filter { $0 > 0 }
            #expect(probabilities.count == expected.count)
            #expect(zip(probabilities, expected).allSatisfy { abs($0 - $1) <= peer.tolerance })
            compared += 1
        }
        // Token i has logit ln i: the smallest suffix that holds top_p of n (n + 1) / 2.
        for queue in peer.queue_cases where queue.sequence == "p" {
            let logits = (0..<queue.n_vocab).map { $0 == 0 ? -Float.infinity : Float(log(Double($0))) }
            let kept = TokenSamplerTests.candidates(logits, .init(temperature: 1, topP: queue.top_p)).count
            let total = Double(queue.n_vocab) * Double(queue.n_vocab - 1) / 2
            var held = 0.0, expected = 0
            while expected < queue.n_vocab - 1, expected == 0 || held < queue.top_p * total {
                held += Double(queue.n_vocab - 1 - expected)
                expected += 1
            }
            // At p = 0.0002 the first token alone holds p exactly: logarithms in single precision decide there.
            let atCut = abs(held - queue.top_p * total) < 1e-6 * total
            #expect(kept == expected || (atCut && kept == expected + 1))
            compared += 1
        }
        #expect(compared >= 8)
    }
}
