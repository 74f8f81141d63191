import Artifacts
import Foundation
import Model
import Pipeline
import Stages
import Testing

@Suite("Benchmarks of a tiny model")
struct EvaluateBenchmarksStageTests {
    private struct Place {
        let loop: TinyLoop
        var harness: StageHarness { loop.harness }
        var model: ArtifactReference { get throws { try loop.artifact("m0.model") } }
        var pretrained: PretrainedModel { get throws { try Checkpoint.load(model, from: harness.store) } }

        init() async throws {
            var loop = try TinyLoop()
            try await loop.prepare()
            self.loop = loop
        }

        func run(
            _ task: BenchmarkTask, _ items: String, shots: String? = nil,
            execution: ExecutionOptions = ExecutionOptions(),
            key: String = UUID().uuidString, stopAfter: Int = .max,
            _ change: (inout EvaluateBenchmarksStage.Parameters) -> Void = { _ in }
        ) async throws -> (outputs: StageOutputs, answers: [BenchmarkAnswer], measurements: [Stages.Measurement]) {
            var inputs = ["model": [try model], "items": [try harness.blob(items)]]
            if let shots { inputs["shots"] = [try harness.blob(shots)] }
            let outputs = try await harness.run(
                EvaluateBenchmarksStage.self, inputs, execution: execution, key: key, stopAfter: stopAfter
            ) {
                ($0.task, $0.precision, $0.resamples, $0.maxTokens) = (task, .single, 50, 12)
                change(&$0)
            }
            return (
                outputs, try harness.rows(outputs, "answers", as: BenchmarkAnswer.self),
                try harness.rows(outputs, "measurements", as: Stages.Measurement.self)
            )
        }
    }

    private static let piqa = (0..<7).map { number in
        """
        {"goal": "Count \(number) cups of tea", "sol1": "Count them.", "sol2": "Name the rivers \(number).", "label": \(number % 2)}
        """
    }.joined(separator: "\n")

    private static let gsm8k = (0..<5).map { number in
        #"{"question": "What is \#(number) and 2?", "answer": "So it is.\n#### \#(number + 2)"}"#
    }.joined(separator: "\n")

    @Test("log-probabilities are those of the model that writes, token after token; lengths are of the texts")
    func slowPath() async throws {
        let place = try await Place(), pretrained = try place.pretrained
        let answers = try await place.run(.piqa, Self.piqa).answers
        #expect(answers.count == 7 && answers.map(\.row) == Array(0..<7))
        let engine = try GenerationEngine(
            model: pretrained.model, decoder: PlainTextDecoding(pretrained.tokenizer), pool: WorkerPool(threads: 1))
        for answer in answers {
            for choice in try #require(answer.choices) {
                let before = pretrained.tokenizer.encode(answer.prompt)
                let whole = pretrained.tokenizer.encode(answer.prompt + " " + choice.text)
                var sum = 0.0
                for place in before.count..<whole.count {
                    let row = try engine.nextTokenLogProbabilities(
                        after: [Array(whole[..<place])], of: [whole[place]])[0]
                    sum += Double(row[0])
                }
                #expect(choice.tokens == whole.count - before.count)
                // Both are sums of single-precision logarithms, each right to some units in its last place.
                #expect(abs(try #require(choice.logProbability) - sum) < 1e-4 * Double(choice.tokens))
                #expect(choice.characters == choice.text.count)
            }
        }
    }

    @Test("an item's numbers have the same bits alone, among others, and behind another file's")
    func sharing() async throws {
        let place = try await Place()
        let lines = Self.piqa.split(separator: "\n").map(String.init)
        let shots = lines[5] + "\n" + lines[6]
        let together = try await place.run(.piqa, lines[..<5].joined(separator: "\n"), shots: shots) { $0.shots = 2 }
        for (line, answer) in zip(lines, together.answers) {
            let alone = try await place.run(.piqa, line, shots: shots) { $0.shots = 2 }
            #expect(alone.answers.map(\.choices) == [answer.choices] && alone.answers[0].item == answer.item)
        }
        #expect(together.answers[0].prompt.components(separatedBy: "Answer:").count == 4)
        let inputs = [
            "model": [try place.model],
            "items": [try place.harness.blob(lines[1]), try place.harness.blob(lines[0])],
        ]
        let files = try await place.harness.run(EvaluateBenchmarksStage.self, inputs) {
            ($0.task, $0.precision, $0.resamples) = (.piqa, .single, 50)
        }
        let apart = try await place.run(.piqa, lines[0]).answers
        #expect(try place.harness.rows(files, "answers", as: BenchmarkAnswer.self)[1].choices == apart[0].choices)
    }

    @Test("threads, batch and shards change nothing, and neither does an interruption", arguments: [false, true])
    func sameDigests(isWritten: Bool) async throws {
        let place = try await Place()
        func run(
            _ execution: ExecutionOptions, key: String, stopAfter: Int = .max
        ) async throws -> [String: ArtifactReference] {
            try await place.run(
                isWritten ? .gsm8k : .piqa, isWritten ? Self.gsm8k : Self.piqa, execution: execution, key: key,
                stopAfter: stopAfter
            ) { $0.precision = .bfloat16 }.outputs.artifacts
        }
        let plain = try await run(ExecutionOptions(), key: "a")
        var other = ExecutionOptions()
        (other.threads, other.batchSize, other.shardSize, other.reversesShards) = (2, 1, .rows(2), true)
        #expect(try await run(other, key: "b") == plain)
        await #expect(throws: CancellationError.self) { _ = try await run(other, key: "c", stopAfter: 1) }
        #expect(try await run(other, key: "c") == plain)
    }

    @Test("written answers hold the text, both extractions and how they ended")
    func written() async throws {
        let place = try await Place()
        let run = try await place.run(.gsm8k, Self.gsm8k, shots: Self.gsm8k) { $0.shots = 3 }
        #expect(run.answers.count == 5 && run.answers.allSatisfy { ($0.reply?.tokens ?? 0) > 0 && $0.gold == nil })
        #expect(run.answers[0].prompt.hasSuffix("#### 5\n\nQuestion: What is 0 and 2?\nAnswer:"))
        #expect(run.answers[0].accepted == ["2"] && run.answers.allSatisfy { $0.predictions.count == 2 })
        #expect(
            run.measurements.map(\.name) == [
                "gsm8k.strict", "gsm8k.flexible", "gsm8k.truncated", "gsm8k.cut_off", "gsm8k.no_answer_strict",
                "gsm8k.no_answer_flexible",
            ])
        let other = try await place.run(.nq, #"{"question": "who", "answer": "I"}"#)
        #expect(other.answers.count == 1 && !(other.answers[0].reply?.text.contains("\n") ?? true))
        #expect(other.measurements[0].name == "nq.exact_match" && other.measurements[0].lower == nil)
    }

    @Test("through the chat template the answer begins the reply, without the space")
    func chat() async throws {
        let place = try await Place(), pretrained = try place.pretrained
        let encoder = try ContinuationEncoder(pretrained, chat: true)
        let encoded = try #require(try encoder.encode("Why?", " So."))
        let template = try #require(pretrained.chatTemplate)
        #expect(
            encoded.prompt
                == (try template.encode(
                    [ChatMessage(.user, "Why?")], addGenerationHeader: true, tokenizer: pretrained.tokenizer)))
        #expect(encoded.continuation == pretrained.tokenizer.encodeContinuation("So."))
        let plain = try await place.run(.piqa, Self.piqa),
            chat = try await place.run(.piqa, Self.piqa) { $0.chat = true }
        #expect(plain.answers.map(\.choices) != chat.answers.map(\.choices))
        #expect(plain.answers.map(\.item) == chat.answers.map(\.item))
        let empty = #"{"goal": "x", "sol1": "", "sol2": "y", "label": 1}"#
        #expect(try await place.run(.piqa, empty).answers[0].predictions.allSatisfy { $0.choice != nil })
        await #expect(
            throws: StageError.invalidParameter(
                stage: "evaluate-benchmarks", name: "chat",
                problem: "is true, and item 1 has a choice without a token; set it to false")
        ) { _ = try await place.run(.piqa, empty) { $0.chat = true } }
    }

    @Test("white space at a prompt's end goes to the continuation, and the two are cut where the prompt's tokens end")
    func tokens() async throws {
        let place = try await Place(), pretrained = try place.pretrained, tokenizer = pretrained.tokenizer
        let encoder = try ContinuationEncoder(pretrained, chat: false)
        let spaced = try #require(try encoder.encode("How to \n ", "count"))
        #expect(spaced.prompt == tokenizer.encode("How to"))
        #expect(spaced.prompt + spaced.continuation == tokenizer.encode("How to \n count"))
        let joined = try #require(try encoder.encode("How to", " count"))
        #expect(joined.prompt + joined.continuation == tokenizer.encode("How to count") && joined.truncated == 0)
        let empty = try #require(try encoder.encode("", " count"))
        #expect(empty.continuation == tokenizer.encode(" count") && empty.prompt.count == 1)
    }

    @Test(
        "a prompt that is too long loses its beginning, and a choice that is too long alone is wrong; both are counted"
    )
    func tooLong() async throws {
        let place = try await Place()
        let context = try place.pretrained.model.configuration.contextLength
        let long = String(repeating: "tea ", count: context), short = Self.piqa.split(separator: "\n")[0]
        let run = try await place.run(
            .piqa,
            """
            {"goal": "\(long)", "sol1": "Count.", "sol2": "Name them.", "label": 0}
            {"goal": "Count", "sol1": "\(long)", "sol2": "Name them.", "label": 1}
            \(short)
            """)
        #expect(
            run.answers[0].truncated > 0 && run.answers[0].choices?.allSatisfy { $0.logProbability != nil } == true)
        #expect(run.answers[1].choices?.map { $0.logProbability == nil } == [true, false])
        #expect(run.answers[1].predictions.allSatisfy { $0.choice == nil && !$0.isCorrect })
        #expect(run.answers[2].truncated == 0 && run.outputs.summary["truncated"] == .integer(1))
        let named = Dictionary(uniqueKeysWithValues: run.measurements.map { ($0.name, $0.value) })
        #expect(named["piqa.truncated"] == 1.0 / 3 && named["piqa.does_not_fit"] == 1.0 / 3)
        #expect(
            place.harness.warnings == [
                "1 of 3 prompts were cut off at their beginning to fit the model's context; fewer shots would fit",
                "1 of 3 items have a choice that does not fit the context: they are wrong",
            ])
        let written = try await place.run(.gsm8k, #"{"question": "\#(long)", "answer": "So #### 1"}"#)
        #expect(written.answers[0].truncated > 0 && written.answers[0].reply?.finish != .doesNotFit)
        await #expect(throws: StageError.self) {
            _ = try await place.run(.gsm8k, Self.gsm8k) { $0.maxTokens = context }
        }
    }

    @Test("a limit asks as many items, in the order of the file")
    func limit() async throws {
        let place = try await Place()
        let few = try await place.run(.piqa, Self.piqa) { $0.limit = 3 }
        let first = try await place.run(.piqa, Self.piqa) { ($0.limit, $0.selection) = (3, .first) }
        #expect(few.answers.count == 3 && few.answers.map(\.row) == few.answers.map(\.row).sorted())
        #expect(first.answers.map(\.row) == [0, 1, 2] && few.measurements[0].count == 3)
    }

    @Test("demonstrations without a file, before requests, or made of requests are refused")
    func shots() async throws {
        let place = try await Place()
        let requests = BenchmarkRows.requests(choices: [" a", " b"], gold: 0)
        for (items, shots, problem) in [
            (Self.piqa, nil, "stage 'evaluate-benchmarks': connect something to 'shots': 'shots' is 1"),
            (requests, Self.piqa, "the requests at 'items' have their demonstrations in them; set it to 0"),
            (Self.piqa, requests, "the files of 'shots' hold requests; give rows of the data set"),
        ] {
            let error = try await #require(throws: StageError.self) {
                _ = try await place.run(.piqa, items, shots: shots) { $0.shots = 1 }
            }
            #expect("\(error)".contains(problem), "\(error)")
        }
        let asTheyAre = try await place.run(.piqa, requests)
        #expect(asTheyAre.answers.map(\.prompt) == ["Q?\nA:"])
    }

    @Test(
        "parameters that cannot be are refused before anything runs",
        arguments: [
            (nil, 0, nil, .full, "parameter 'task' is missing; set it to one of arc_easy, arc_challenge, hellaswag"),
            (.piqa, -1, nil, .full, "parameter 'shots' is -1; it must be from 0 to 1024"),
            (.piqa, 0, 0, .full, "parameter 'limit' is 0; it must be from 1 to 16777216"),
            (.piqa, 0, nil, .quantized, "parameter 'weights' is 'q8', and choices are scored with all bits"),
        ] as [(BenchmarkTask?, Int, Int?, WeightFormat, String)])
    func parameters(task: BenchmarkTask?, shots: Int, limit: Int?, weights: WeightFormat, problem: String) throws {
        var parameters = EvaluateBenchmarksStage.Parameters()
        (parameters.task, parameters.shots, parameters.limit, parameters.weights) = (task, shots, limit, weights)
        let error = try #require(throws: StageError.self) { try EvaluateBenchmarksStage(parameters: parameters) }
        #expect("\(error)".contains(problem), "\(error)")
    }
}
