/// One call of `GenerationEngine.generate`: who waits, who is decoded, who is done.
struct GenerationRun {
    /// A sequence being decoded.
    private struct Sequence {
        let request: Int
        var pages: [Int]
        /// Pages set aside for it and not yet taken.
        var promised: Int
        /// Positions in the cache.
        var length: Int
        var tokens: [Int32] = []
        var text: StoppableText
        var logProbability = 0.0

        mutating func takePage(from store: KeyValuePages) {
            promised -= 1
            pages.append(store.takePromised())
        }
    }

    /// A prompt that was read, whose requests start as places become free.
    private struct ReadyPrompt {
        let reading: PromptReader.Reading
        /// Logits of the token after the prompt.
        let logits: [Float]
        var waiting: ArraySlice<Int>
    }

    private let engine: GenerationEngine
    private let requests: [GenerationRequest]
    private let observer: GenerationObserver
    private var reader: PromptReader
    private var ready: [ReadyPrompt] = []
    private var active: [Sequence] = []
    private var results: [GenerationResult?]
    private var progress: GenerationProgress

    private var pages: KeyValuePages { engine.pass.pages }
    private var contextLength: Int { engine.model.configuration.contextLength }

    init(_ engine: GenerationEngine, _ requests: [GenerationRequest], _ observer: GenerationObserver) {
        self.engine = engine
        self.requests = requests
        self.observer = observer
        let limit = engine.model.configuration.contextLength
        let fitting = requests.enumerated().filter { $0.element.prompt.count < limit }
        reader = PromptReader(
            groups: PromptGroup.arrange(fitting.map { ($0.offset, $0.element.prompt) }), pages: engine.pass.pages)
        results = [GenerationResult?](repeating: nil, count: requests.count)
        progress = GenerationProgress(totalRequests: requests.count)
    }

    mutating func finish() throws(ModelError) -> [GenerationResult] {
        engine.pass.cover(positions: requests.map { lastPosition(of: $0) }.max() ?? 0)
        for (index, request) in requests.enumerated() where request.prompt.count >= contextLength {
            report(index, GenerationResult(tokens: [], text: "", finish: .promptTooLong, logProbability: 0))
        }
        while progress.finishedRequests < requests.count {
            if observer.isCancelled() { throw .cancelled }
            try startReadyRequests()
            beginPrompts()
            try step()
            observer.progress(progress)
        }
        reader.releasePrevious()
        // Every request has reported once the loop has ended.
        return results.compactMap { $0 }
    }

    /// Positions that a request may come to fill in the cache: its last token is never read.
    private func lastPosition(of request: GenerationRequest) -> Int {
        // More new tokens than the context holds are as good as that many, and cannot overflow.
        min(request.prompt.count + min(request.maximumNewTokens, contextLength) - 1, contextLength)
    }

    /// Pages of its own that a request may come to need behind its prompt's whole pages.
    private func tailPages(of request: GenerationRequest) -> Int {
        KeyValuePages.pages(for: max(lastPosition(of: request), request.prompt.count))
            - request.prompt.count / KeyValuePages.positions
    }

    // MARK: Admission

    /// Draws the first token of waiting requests while there are slots and memory.
    private mutating func startReadyRequests() throws(ModelError) {
        while active.count < engine.options.slots, let prompt = ready.first, let request = prompt.waiting.first {
            let tail = tailPages(of: requests[request])
            if !active.isEmpty && !pages.isRoom(for: tail) { return }
            ready[0].waiting.removeFirst()
            try start(request, prompt, tail: tail)
            if ready[0].waiting.isEmpty {
                pages.release(ready.removeFirst().reading.pages)
            }
        }
    }

    private mutating func start(_ request: Int, _ prompt: ReadyPrompt, tail: Int) throws(ModelError) {
        let length = requests[request].prompt.count
        let whole = prompt.reading.pages.prefix(length / KeyValuePages.positions)
        pages.retain(whole)
        pages.promise(tail)
        var sequence = Sequence(
            request: request, pages: Array(whole), promised: tail, length: length,
            text: StoppableText(stopStrings: requests[request].stopStrings))
        if length % KeyValuePages.positions != 0 {
            // The prompt's last page fills up differently in each sequence.
            sequence.takePage(from: pages)
            pages.copy(prompt.reading.pages[whole.count], to: sequence.pages[whole.count])
        }
        let choice = try prompt.logits.withUnsafeBufferPointer { logits throws(ModelError) in
            try draw(logits.baseAddress!, for: sequence, sampler: engine.samplers[0])
        }
        advance(&sequence, by: choice).map { active.append($0) }
    }

    /// Begins prompts so that their requests are ready when slots become free.
    private mutating func beginPrompts() {
        let waiting =
            ready.reduce(0) { $0 + $1.waiting.count }
            + reader.unfinished.reduce(0) { $0 + $1.group.members.count }
        var missing = engine.options.slots - active.count - waiting
        while let next = reader.next, missing >= 0, reader.unreadTokens < engine.options.prefillTokens {
            let isIdle = active.isEmpty && ready.isEmpty && reader.unfinished.isEmpty
            let room = reader.pagesForNext + tailPages(of: requests[next.members[0]])
            if !isIdle && !pages.isRoom(for: room) { return }
            missing -= next.members.count
            reader.beginNext()
        }
    }

    // MARK: Decoding

    /// Computes one more token of every active sequence, and some prompt tokens beside them.
    private mutating func step() throws(ModelError) {
        let pages = pages
        for index in active.indices where active[index].length == active[index].pages.count * KeyValuePages.positions
        {
            active[index].takePage(from: pages)
        }
        let decoded = active.map { sequence in
            RowSpan(
                pages: sequence.pages, first: sequence.length, tokens: sequence.tokens.suffix(1), wantsLogits: true)
        }
        let prompts = reader.takeSpans(tokens: engine.options.prefillTokens, ends: GenerationEngine.promptEnds)
        engine.pass.run(decoded + prompts)
        progress.promptTokens += prompts.reduce(0) { $0 + $1.tokens.count }

        let choices = try drawAll()
        var running: [Sequence] = []
        let decodedCount = active.count
        for (var sequence, choice) in zip(active, choices) {
            sequence.length += 1
            advance(&sequence, by: choice).map { running.append($0) }
        }
        active = running
        for (row, reading) in reader.takeFinished().enumerated() {
            let logits = UnsafeBufferPointer(
                start: engine.pass.logits(decodedCount + row), count: engine.model.configuration.vocabularySize)
            ready.append(
                ReadyPrompt(reading: reading, logits: Array(logits), waiting: reading.group.members[...]))
        }
    }

    /// The next token of each active sequence, from the logits of the last pass.
    private func drawAll() throws(ModelError) -> [TokenSampler.Choice] {
        var drawn = [Result<TokenSampler.Choice, ModelError>?](repeating: nil, count: active.count)
        let tasks = engine.samplers.count
        drawn.withUnsafeMutableBufferPointer { drawn in
            engine.pool.run(tasks) { task in
                for index in stride(from: task, to: active.count, by: tasks) {
                    drawn[index] = Result { () throws(ModelError) in
                        try draw(engine.pass.logits(index), for: active[index], sampler: engine.samplers[task])
                    }
                }
            }
        }
        var choices: [TokenSampler.Choice] = []
        for result in drawn {
            if let result { choices.append(try result.get()) }
        }
        return choices
    }

    private func draw(
        _ logits: UnsafePointer<Float>, for sequence: Sequence, sampler: TokenSampler
    ) throws(ModelError) -> TokenSampler.Choice {
        let request = requests[sequence.request]
        let uniform = TokenSampler.uniform(key: request.randomKey, index: sequence.tokens.count)
        return try sampler.choose(logits, request.sampling, uniform: uniform)
    }

    /// Adds a drawn token.
    ///
    /// - Returns: the sequence when it goes on, nil when it is done and its pages are given back.
    private mutating func advance(_ sequence: inout Sequence, by choice: TokenSampler.Choice) -> Sequence? {
        let request = requests[sequence.request]
        sequence.tokens.append(choice.token)
        sequence.logProbability += choice.logProbability
        progress.newTokens += 1
        let finish: GenerationResult.Finish
        if request.stopTokens.contains(choice.token) {
            finish = .stopToken
        } else if let stop = sequence.text.append(engine.decoder.bytes(of: choice.token)) {
            finish = .stopString(stop)
        } else if sequence.tokens.count == request.maximumNewTokens {
            finish = .length
        } else if request.prompt.count + sequence.tokens.count == contextLength {
            finish = .contextFull
        } else {
            return sequence
        }
        pages.release(sequence.pages)
        pages.withdraw(sequence.promised)
        report(
            sequence.request,
            GenerationResult(
                tokens: sequence.tokens, text: sequence.text.text, finish: finish,
                logProbability: sequence.logProbability))
        return nil
    }

    private mutating func report(_ request: Int, _ result: GenerationResult) {
        results[request] = result
        progress.finishedRequests += 1
        observer.finished(request, result)
    }
}
