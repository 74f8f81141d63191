import Foundation
import Model
import Testing

@Suite("Generation")
struct GenerationEngineTests {
    static func engine(
        _ model: LanguageModel, _ precision: Precision = .single, weights: WeightFormat = .full, threads: Int = 2,
        options: GenerationOptions = GenerationOptions()
    ) throws -> GenerationEngine {
        try GenerationEngine(
            model: model, precision: precision, weights: weights, decoder: Letters(),
            pool: WorkerPool(threads: threads), options: options)
    }

    static func tokens(_ count: Int, _ stream: UInt64, below: Int = 97) -> [Int32] {
        var generator = Philox(key: 9, stream: stream)
        return (0..<count).map { _ in Int32(generator.below(below)) }
    }

    /// Samples of a few prompts, some with a common beginning, of mixed lengths and rules.
    static func mixedRequests() -> [GenerationRequest] {
        let rubric = tokens(37, 1)
        var prompts: [[Int32]] = (0..<4).map { rubric + tokens(5 + 9 * $0, UInt64(10 + $0)) }
        prompts.append(rubric)
        prompts.append(Array(rubric.prefix(20)) + tokens(40, 20))
        prompts.append([3])
        prompts.append(tokens(16, 21))
        prompts.append(tokens(190, 22))
        return prompts.enumerated().flatMap { index, prompt in
            (0..<3).map { sample in
                GenerationRequest(
                    prompt: prompt, maximumNewTokens: 7 + 13 * ((index + sample) % 3),
                    stopTokens: index % 2 == 0 ? [5, 60] : [], stopStrings: index % 3 == 0 ? ["zz", "qu"] : [],
                    sampling: sample == 0
                        ? .greedy : SamplingParameters(temperature: 1.1, topP: sample == 1 ? 0.9 : 1),
                    randomKey: UInt64(1_000 + index * 10 + sample))
            }
        }
    }

    @Test(
        "the next token's log-probabilities agree with a forward pass in double precision",
        arguments: [(6, 2, 8, false), (4, 4, 10, true), (9, 3, 16, false), (7, 1, 80, true), (2, 2, 64, false)],
        Precision.allCases)
    func oracle(shape: (heads: Int, keyValueHeads: Int, headSize: Int, tied: Bool), precision: Precision) throws {
        let (heads, keyValueHeads, headSize, tied) = shape
        let model = try TinyModel.make(
            headCount: heads, keyValueHeadCount: keyValueHeads, headSize: headSize, tiesEmbeddings: tied)
        let rubric = Self.tokens(18, 2)
        let prompts = [
            [4], Self.tokens(15, 3), Self.tokens(16, 4), Self.tokens(33, 5), rubric + [1, 2], rubric + [1, 3, 4],
        ]
        let candidates = (0..<97).map(Int32.init)
        let rows = try Self.engine(model, precision).nextTokenLogProbabilities(after: prompts, of: candidates)
        for (row, prompt) in zip(rows, prompts) {
            let expected = TinyModel.nextLogProbabilities(model, prompt)
            let errors = zip(row, expected).map { abs(Double($0) - $1) }
            switch precision {
            // Two layers of sums of at most 80 terms.
            case .single: #expect(errors.allSatisfy { $0 < 1e-4 })
            // Factors that are each off by up to a 512th, in some ten products one after the other: their errors add up
            // as in a random walk.
            case .bfloat16:
                let mean = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
                #expect(mean < 0.03)
            }
        }
    }

    @Test("greedy continuation takes the best token of a pass without a cache, and sums its log-probabilities")
    func greedyOracle() throws {
        let model = try TinyModel.make()
        let prompt = Self.tokens(14, 6)
        let result = try Self.engine(model).generate([
            GenerationRequest(prompt: prompt, maximumNewTokens: 25, sampling: .greedy)
        ])[0]
        var context = prompt, sum = 0.0
        for token in result.tokens {
            let expected = TinyModel.nextLogProbabilities(model, context)
            #expect(expected[Int(token)] >= expected.max()! - 1e-4)
            sum += expected[Int(token)]
            context.append(token)
        }
        #expect(result.tokens.count == 25)
        #expect(result.finish == .length)
        #expect(abs(result.logProbability - sum) < 25 * 1e-4)
    }

    @Test(
        "results are the same bits whatever slots, chunks, memory, threads, order and company",
        arguments: Precision.allCases)
    func invariance(precision: Precision) throws {
        let model = try TinyModel.make()
        let requests = Self.mixedRequests()
        let expected = try Self.engine(model, precision).generate(requests)
        #expect(Set(expected.map(\.finish)).count >= 3)
        let pageBytes = 2 * 2 * (8 * 16 + 16 * 16) * 4
        for (threads, options) in [
            (1, GenerationOptions()), (2, GenerationOptions(slots: 1)),
            (1, GenerationOptions(slots: 3, prefillTokens: 7)),
            (5, GenerationOptions(slots: 64, prefillTokens: 1)),
            (2, GenerationOptions(slots: 8, cacheBytes: 20 * pageBytes)),
            (2, GenerationOptions(slots: 8, prefillTokens: 40, cacheBytes: 1)),
        ] {
            let engine = try Self.engine(model, precision, threads: threads, options: options)
            #expect(try engine.generate(requests) == expected, "\(threads) threads, \(options)")
            #expect(engine.pagesInUse == 0)
        }
        var generator = Philox(key: 77)
        let order = generator.shuffled(Array(requests.indices))
        let shuffled = try Self.engine(model, precision).generate(order.map { requests[$0] })
        for (place, index) in order.enumerated() { #expect(shuffled[place] == expected[index]) }
        let engine = try Self.engine(model, precision)
        for (request, result) in zip(requests, expected) { #expect(try engine.generate([request]) == [result]) }
    }

    @Test("asked for more new tokens than can be counted, a request goes on until the context is full")
    func endless() throws {
        let model = try TinyModel.make(contextLength: 40)
        let request = GenerationRequest(prompt: [1, 2, 3], maximumNewTokens: .max)
        let result = try #require(try Self.engine(model).generate([request]).first)
        #expect(result.tokens.count == 37 && result.finish == .contextFull)
    }

    @Test("scores are the same bits alone, together and in small chunks", arguments: Precision.allCases)
    func scoringInvariance(precision: Precision) throws {
        let model = try TinyModel.make()
        let prompts = Self.mixedRequests().map(\.prompt).filter { $0.count <= 200 }
        let candidates: [Int32] = [0, 5, 96]
        let expected = try Self.engine(model, precision).nextTokenLogProbabilities(after: prompts, of: candidates)
        let engine = try Self.engine(
            model, precision, threads: 1, options: GenerationOptions(prefillTokens: 11, cacheBytes: 1))
        #expect(try engine.nextTokenLogProbabilities(after: prompts, of: candidates) == expected)
        #expect(engine.pagesInUse == 0)
        for (prompt, row) in zip(prompts, expected) {
            #expect(try engine.nextTokenLogProbabilities(after: [prompt], of: candidates) == [row])
        }
    }

    @Test("a prefix shared by many prompts is read once")
    func sharing() throws {
        let model = try TinyModel.make()
        let rubric = Self.tokens(96, 7)
        let prompts = (0..<5).map { rubric + [Int32($0)] }
        let requests = prompts.flatMap { prompt in
            (0..<3).map { GenerationRequest(prompt: prompt, maximumNewTokens: 2, randomKey: UInt64($0)) }
        }
        var last = GenerationProgress(totalRequests: 0)
        _ = try Self.engine(model).generate(requests, observer: GenerationObserver(progress: { last = $0 }))
        #expect(last.promptTokens == 97 + 4)
        #expect(last.finishedRequests == 15)
        #expect(last.newTokens == 30)
    }

    @Test("a context that is full ends a request, and a prompt that fills it gives no tokens")
    func contextFull() throws {
        let engine = try Self.engine(TinyModel.make(contextLength: 40))
        let results = try engine.generate([
            GenerationRequest(prompt: Self.tokens(30, 8), maximumNewTokens: 50, sampling: .greedy),
            GenerationRequest(prompt: Self.tokens(40, 8), maximumNewTokens: 50, sampling: .greedy),
        ])
        #expect(results[0].tokens.count == 10)
        #expect(results.map(\.finish) == [.contextFull, .promptTooLong])
        #expect(results[1] == GenerationResult(tokens: [], text: "", finish: .promptTooLong, logProbability: 0))
    }

    @Test("stop tokens are kept in the tokens and left out of the text; stop strings end the text")
    func stops() throws {
        let engine = try Self.engine(TinyModel.make())
        var request = GenerationRequest(prompt: Self.tokens(9, 9), maximumNewTokens: 30, sampling: .greedy)
        let free = try engine.generate([request])[0]
        request.stopTokens = [free.tokens[10]]
        let first = free.tokens.firstIndex(of: free.tokens[10])!
        let stopped = try engine.generate([request])[0]
        #expect(stopped.tokens == Array(free.tokens[...first]))
        #expect(stopped.text == String(free.text.prefix(first)))
        #expect(stopped.finish == .stopToken)
        request.stopTokens = []
        let stop = String(free.text.dropFirst(12).prefix(3))
        request.stopStrings = [stop]
        let cut = try engine.generate([request])[0]
        #expect(cut.finish == .stopString(stop))
        #expect(cut.text == String(free.text[..<free.text.range(of: stop)!.lowerBound]))
        #expect(cut.tokens.count == cut.text.count + 3)
    }

    @Test("each request is reported once, and cancelling stops the work")
    func observing() throws {
        let engine = try Self.engine(TinyModel.make(), options: GenerationOptions(slots: 4))
        let requests = Self.mixedRequests()
        var reported: [Int: GenerationResult] = [:], steps = 0
        let results = try engine.generate(
            requests,
            observer: GenerationObserver(finished: { index, result in
                #expect(reported[index] == nil)
                reported[index] = result
            }))
        #expect(reported.count == requests.count)
        for (index, result) in results.enumerated() { #expect(reported[index] == result) }
        #expect(throws: ModelError.cancelled) {
            try engine.generate(
                requests, observer: GenerationObserver(progress: { _ in steps += 1 }, isCancelled: { steps == 5 }))
        }
        #expect(steps == 5)
        // The engine is as good as new afterwards.
        #expect(try engine.generate(requests) == results)
    }

    @Test("requests that cannot be are refused before any work")
    func refusals() throws {
        let engine = try Self.engine(TinyModel.make())
        let good = GenerationRequest(prompt: [1], maximumNewTokens: 1)
        func change(_ body: (inout GenerationRequest) -> Void) -> GenerationRequest {
            var request = good
            body(&request)
            return request
        }
        for bad in [
            change { $0.prompt = [] }, change { $0.prompt = [97] }, change { $0.prompt = [-1] },
            change { $0.maximumNewTokens = 0 }, change { $0.stopStrings = [""] }, change { $0.sampling.topP = 2 },
        ] {
            #expect(throws: ModelError.self) { try engine.generate([good, bad]) }
        }
        #expect(throws: ModelError.tokenOutOfRange(token: 97, vocabularySize: 97, place: "candidates")) {
            try engine.nextTokenLogProbabilities(after: [[1]], of: [97])
        }
        #expect(throws: ModelError.self) { try Self.engine(TinyModel.make(), options: GenerationOptions(slots: 0)) }
        #expect(try engine.generate([]).isEmpty)
        #expect(try engine.nextTokenLogProbabilities(after: [], of: [1]).isEmpty)
    }

    @Test("weights that are not finite are reported")
    func notFinite() throws {
        let model = try TinyModel.make()
        model.parameters[model.layout.finalNorm] = .nan
        #expect(throws: ModelError.notFinite(place: "logits of the next token")) {
            try Self.engine(model).generate([GenerationRequest(prompt: [1], maximumNewTokens: 1)])
        }
    }
}
