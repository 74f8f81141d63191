import Artifacts
import Foundation
import Model
import Pipeline
import Stages
import TestSupport
import Testing

/// Written down: what the exact parts of stages with a model make of fixed input. (`seed-prep` and `pair` are exact as
/// a whole; their digests stand in their own tests.)
///
/// Not written down, since they need not be the same on every machine:
/// - `sft` and `dpo`: rotary tables, the schedule and preference losses take the C library's functions.
/// - what `sample`, `judge`, `self-instruct`, `eft-filter`, `evaluate-judge`, `mt-bench-answer`, `mt-bench-judge` and
///   `label-prompts` let a model write, and `reference-logps`: processors without fused multiplication and addition round otherwise, and probabilities are the
///   C library's logarithms.
/// - where `map-texts` puts texts by t-SNE: its neighbourhoods are of the C library's exponentials.
/// - `make-model`: its weights are drawn with the C library's logarithm and cosine.
///
/// A change of those is told by the kernel generation, `ModelNumerics.current`, and by the tests of `ModelTests` that
/// compare kernels with their definition.
@Suite("Golden digests of the parts that are exact")
struct GoldenDigestTests {
    private func digest<R: Record>(_ rows: [R]) throws -> String {
        let bytes = try rows.flatMap { try CanonicalJSON.encode(encodable: $0) + [UInt8(ascii: "\n")] }
        return ContentDigest(hashing: bytes).short
    }

    private func reply(_ text: String, finish: Finish = .stop, expected: Double? = nil) -> Judgement.Reply {
        .init(raw: text, finish: finish, verdict: VerdictParser().parse(text, finish: finish), expected: expected)
    }

    @Test("judge: the prompt, and the verdicts read from replies")
    func judge() throws {
        let template = try JudgeTemplate(
            "Rate.\nUser: {instruction}\n<response>{response}</response>\n", name: "rubric")
        let prompt = template.render(instruction: "Name {response} rivers.", response: "Rhine\nand {instruction}")
        let judgements = [
            ["Clear.\n\nScore: 4", "**Final score: 3/5**", "Score: 4.5"], ["Score: 8/10", "No idea.", "Score: 10"],
            ["Relevance score: 1\nScore: 2", "Score: 3,5", "Score: 4 out of 5\n\nHelpful."],
        ].enumerated().map { index, replies in
            Judgement(candidateID: "c\(index)", promptID: "p", verdicts: replies.map { reply($0) })
        }
        let unfinished = Judgement(
            candidateID: "c3", promptID: "p",
            verdicts: [
                reply("Score: 4", finish: .length), reply("", finish: .doesNotFit), reply("Good.", expected: 3.7),
            ])
        Golden(version: 2, digests: ["judgements": "b849f0db7f11", "prompt": "94b1ac408758"]).check(
            JudgeResponsesStage.self,
            gives: [
                "judgements": try digest(judgements + [unfinished]),
                "prompt": ContentDigest(hashing: Array(prompt.utf8)).short,
            ])
    }

    @Test("eft-filter: which judgements are kept as examples, and which of them are thinned out")
    func filterJudgements() throws {
        let filter = SelfJudgedRankingFilter(
            agreement: .noInversion, template: try JudgeTemplate("{instruction}|{response}", name: "rubric"))
        let replies = [
            ["Complete.\n\nScore: 4", "Thin.\n\nScore: 4", "Wrong.\n\nScore: 1"],
            ["Good. Score: 5", "Fine. Score: 4", "Poor. Score: 2"],
            ["Bad. Score: 1", "Good. Score: 5", "So. Score: 3"],
            ["Well. Score: 4", "Less. Score: 4", "Off. Score: 3"], ["Score: 4", "So. Score: 3", "Bad. Score: 1"],
        ]
        let settled = replies.enumerated().map { index, texts in
            let ranking = Ranking(
                tree: "t\(index)", prompt: "Question \(index)?",
                responses: texts.indices.map { .init(id: "\(index)-\($0)", text: "Answer \($0).", rank: $0) })
            return filter.settle(ranking, attempts: [filter.attempt(ranking, replies: texts.map { reply($0) })])
        }
        var generator = Philox(key: 7)
        let thinned = ScoreThinning(maximumShare: 0.4).thin(settled.flatMap(\.examples), generator: &generator)
        Golden(version: 2, digests: ["judge-examples": "8ad331def1e9", "ledger": "1393d67908c0"]).check(
            FilterJudgementsStage.self,
            gives: [
                "judge-examples": try digest(thinned.kept),
                "ledger": try digest(settled.map(\.entry) + thinned.ledger),
            ])
    }

    @Test("self-instruct: the request, and the tasks that pass the filters")
    func writeTasks() throws {
        let seeds = (0..<9).map { Demonstration(id: "s\($0)", text: "Explain to a child how thing \($0) works:") }
        var generator = Philox(key: 3)
        let prompt = TaskPrompt(
            demonstrations: TaskPrompt.draw(seeds: seeds, own: [], total: 8, generated: 2, generator: &generator))
        var pool = TaskPool(seeds: seeds, maximumSimilarity: 0.7)
        let replies = [
            " describe your favourite season in detail.\n10. Too short\n11.Plot the sales of last year\n12. Name rivers "
                + "that flow through Vienna",
            " Describe your favourite season in great detail.\n10. Write a program that sorts numbers",
            " \"Quote this sentence for me\n10. Ça va bien aujourd'hui mon ami\n10. List four uses of old newspapers.",
        ]
        for (request, text) in replies.enumerated() {
            pool.take(.init(text: text, isCutOff: request == 1, prompt: prompt, round: 0, request: request))
        }
        Golden(version: 2, digests: ["ledger": "979cdc2027a4", "prompts": "34684285e3db", "request": "30b084db7745"])
            .check(
                WriteTasksStage.self,
                gives: [
                    "ledger": try digest(pool.ledger(keeping: 2)),
                    "prompts": try digest(Array(pool.prompts.prefix(2))),
                    "request": ContentDigest(hashing: Array(prompt.text.utf8)).short,
                ])
    }

    @Test("evaluate-judge: the measurements of given scores")
    func measureJudge() throws {
        let items = [
            ([0, 1, 2], [5, 3, 1]), ([0, 1, 2], [4, 4, 2]), ([0, 1], [4, nil]), ([1, 0], [4, 13.0 / 3]),
            ([2, 7, 7, 9], [5, 1, 3, 3]),
        ].enumerated().map { index, item in
            RankedItem(
                id: "r\(index)",
                responses: zip(item.0, item.1).enumerated().map { place, response in
                    .init(
                        rank: response.0, score: response.1, samples: [response.1, response.1],
                        traits: ResponseTraits(["- a\n- b", "A `word`.", "Some **bold** words.", ""][place]))
                })
        }
        let quality = JudgeQuality(items, estimator: .fixed(resamples: 200))
        // The entropy takes the C library's logarithm.
        let exact = quality.measurements.filter { $0.name != "score_entropy" }
        Golden(version: 6, digests: ["measurements": "811103b91bfa"]).check(
            EvaluateJudgeStage.self, gives: ["measurements": try digest(exact)])
    }

    @Test("map-texts: which texts are drawn, their principal components, how diverse and how far apart they are")
    func mapTexts() throws {
        let texts = [
            "Name a river.", "Name a lake and where it lies.", "Sort these words:\n b, a", "Name a river",
            "Да или нет?",
        ]
        let vectors = texts.map { text in (0..<9).map { Double(text.utf8.count * ($0 + 3) % 17) } }
        let groups = ["ift", "m2", "ift", "m2", "m2"], table = RowMatrix(vectors), pool = WorkerPool(threads: 2)
        let components = PrincipalComponents(table, pool)
        let points = zip(zip(texts, groups), components.scores).enumerated().map { index, point in
            TextPoint(
                MappedText(row: "r\(index)", group: point.0.1, text: point.0.0), x: point.1.x, y: point.1.y)
        }
        let bootstrap = Bootstrap(resamples: 100)
        let overlap = GroupOverlap(groups: groups, distances: table.squaredDistances(pool), bootstrap: bootstrap) {
            Philox(key: UInt64($0.utf8.count), stream: UInt64($1.utf8.count))
        }
        let diversity = TextDiversity(texts, mostPairs: 6, bootstrap: bootstrap) {
            Philox(key: UInt64($0.utf8.count))
        }
        Golden(version: 2, digests: ["measurements": "b0ce251cc2b3", "points": "182f180feef0"]).check(
            MapTextsStage.self,
            gives: [
                "measurements": try digest(
                    overlap.measurements(of: ["ift", "m2"]) + diversity.measurements(of: "all")),
                "points": try digest(points),
            ])
    }

    @Test("evaluate-benchmarks: the prompts, what is read from given answers, and the measurements of these")
    func measureBenchmarks() throws {
        let rows = [BenchmarkRows.mmlu, BenchmarkRows.mmlu.replacing("a number", with: "a hue")].joined(
            separator: "\n")
        let items = try withTemporaryFile(rows) {
            try BenchmarkFileReader.items([(url: $0, name: "items")], of: .mmlu)
        }
        let prompt = FewShotPrompt(task: .mmlu, shots: 1, pool: items)
        let chosen = try items.enumerated().map { row, item in
            BenchmarkAnswer(
                BenchmarkQuestion(task: .mmlu, item: item, row: row, prompt: try prompt.text(before: item)),
                choices: zip("ABCD", [-1.5, -1.25 - Double(row), -2, -1.5]).map {
                    .init(text: String($0), logProbability: $1, tokens: 1)
                }, gold: 1, truncated: row)
        }
        let number = try withTemporaryFile(BenchmarkRows.gsm8k) {
            try BenchmarkFileReader.items([(url: $0, name: "items")], of: .gsm8k)[0]
        }
        let written = ["5.\n#### 5", "It is 1,005."].map {
            BenchmarkAnswer(
                BenchmarkQuestion(task: .gsm8k, item: number, row: 0, prompt: number.query),
                reply: .init(text: $0, tokens: 3, finish: .stop), accepted: ["5"], truncated: 0)
        }
        func measurements(_ task: BenchmarkTask, _ answers: [BenchmarkAnswer]) -> [Stages.Measurement] {
            BenchmarkAccuracy(task, answers, estimator: .fixed(resamples: 200)).measurements
        }
        Golden(version: 2, digests: ["answers": "8f5cd9756b89", "measurements": "ca163d7d52dc"]).check(
            EvaluateBenchmarksStage.self,
            gives: [
                "answers": try digest(chosen + written),
                "measurements": try digest(measurements(.mmlu, chosen) + measurements(.gsm8k, written)),
            ])
    }

    @Test("mt-bench-answer, mt-bench-judge: rows of given texts, the prompt, and the measurements of given scores")
    func benchmark() throws {
        let answer = MTBenchAnswer(
            questionID: 81, category: "math",
            turns: [("2 + 2?", "4"), ("And 2?", "")].map {
                .init(prompt: $0.0, text: $0.1, tokens: 1, finish: $0.1.isEmpty ? .doesNotFit : .stop)
            })
        let judgements = [["Rating: [[7]]", "Rating: 10/10"], []].enumerated().map { index, replies in
            MTBenchJudgement(
                answer, turn: index + 1, withReference: index == 0,
                verdicts: replies.map { text in
                    .init(raw: text, finish: .stop, verdict: VerdictParser(Self.rating).parse(text, finish: .stop))
                })
        }
        let rubric = try MTBenchRubric("{question_1}|<a>{answer_1}</a>|{reference_1}", name: "rubric")
        let prompt = rubric.render(answer.turns, references: ["</a>4"])
        let scores = [("math", [7, 3]), ("stem", [9, nil]), ("gardening", [2])].map {
            MTBenchScores.Item(category: $0.0, scores: $0.1)
        }
        let measurements = MTBenchScores(scores, scale: 1...10, estimator: .fixed(resamples: 200)).measurements
        Golden(version: 1, digests: ["answers": "992ba0864d66"]).check(
            AnswerQuestionsStage.self, gives: ["answers": try digest([answer])])
        Golden(
            version: 3,
            digests: ["judgements": "46bdb8c43779", "measurements": "4be5a9e75bf9", "prompt": "cab588956d49"]
        ).check(
            JudgeAnswersStage.self,
            gives: [
                "judgements": try digest(judgements), "measurements": try digest(measurements),
                "prompt": ContentDigest(hashing: Array(prompt.utf8)).short,
            ])
    }

    private static let rating: ScoreForm = {
        var form = ScoreForm()
        (form.scale, form.label) = (1...10, "Rating")
        return form
    }()

    @Test("label-prompts, break-down, count-votes: rows of given labels, and what is taken over them")
    func labelsAndVotes() async throws {
        let harness = try StageHarness()
        let labels = [("p1", "short", 0), ("p2", "long", 1), ("p3", "short", 0)].map {
            PromptLabel(
                promptID: $0.0, aspect: "length", value: ($0.1, $0.2), raw: "", finish: .stop, reason: nil)
        }
        Golden(version: 1, digests: ["labels": "a52e1310f612"]).check(
            LabelPromptsStage.self, gives: ["labels": try digest(labels)])
        let matches = ["p1", "p2", "p3"].map { prompt in
            let candidates = ["yes", "no"].map {
                Candidate(promptID: prompt, prompt: "Why?", index: 0, text: $0, tokens: 1, finish: .stop)
            }
            let replies = [PairwiseJudgement.Shown.first, .second].enumerated().map { place, shown in
                PairwiseJudgement.Reply(
                    shown: shown, raw: "", finish: .stop, value: prompt == "p2" ? 1 : Double(place), reason: nil)
            }
            return PairwiseJudgement(ResponseMatch(first: candidates[0], second: candidates[1]), replies: replies)
        }
        let breakdown = try await harness.run(
            BreakDownStage.self,
            ["judgements": [try harness.artifact(matches)], "labels": [try harness.artifact(labels)]])
        Golden(version: 2, digests: ["measurements": "929726793242"]).check(
            BreakDownStage.self, gives: breakdown.artifacts.mapValues(\.digest.short))
        let votes = try harness.blob(
            """
            {"question_id": 1, "turn": 1, "judge": "expert_1", "model_a": "x", "model_b": "y", "winner": "model_a"}
            {"question_id": 1, "turn": 1, "judge": "expert_2", "model_a": "y", "model_b": "x", "winner": "tie"}
            {"question_id": 2, "turn": 1, "judge": ["gpt-4", "pair-v2"], "model_1": "x", "model_2": "y", \
            "g1_winner": "model_2", "g2_winner": "model_2"}
            """)
        let counted = try await harness.run(CountVotesStage.self, ["votes": [votes]])
        Golden(version: 2, digests: ["measurements": "0148ba065c43"]).check(
            CountVotesStage.self, gives: counted.artifacts.mapValues(\.digest.short))
    }

    @Test("import-model: the files of a model whose numbers need no rounding")
    func importModel() async throws {
        let harness = try StageHarness()
        let tokenizer = try Tokenizer(.trained(on: "the cat sat on the mat, the cat ate", merges: 5))
        let model = try LanguageModel(
            configuration: ModelConfiguration(
                vocabularySize: tokenizer.count, hiddenSize: 8, intermediateSize: 12, layerCount: 1, headCount: 2,
                keyValueHeadCount: 1, headSize: 4, ropeTheta: 10_000, normEpsilon: 1e-5, contextLength: 64,
                tiesEmbeddings: true))
        model.parameters.withUnsafeMutableBufferPointer { values in
            for index in values.indices { values[index] = Float(index % 251 - 125) / 128 }
        }
        let pretrained = PretrainedModel(
            model: model, tokenizer: tokenizer, chatTemplate: try ChatTemplate.named("chatml"))
        var files = pretrained.descriptionFiles().map { ($0.name, $0.bytes) }
        var weights: [UInt8] = []
        try SafetensorsWriter.write(model) { weights += $0 }
        files.append(("model.safetensors", weights))
        let entries = try files.sorted { $0.0 < $1.0 }.map { name, bytes in
            let blob = try harness.store.ingest(bytes: bytes)
            return FolderEntry(path: name, digest: blob.digest, bytes: blob.bytes)
        }
        let outputs = try await harness.run(ImportModelStage.self, ["source": [try harness.artifact(entries)]])
        let stored = try harness.rows(outputs, "model", as: CheckpointFile.self)
        Golden(version: 1, digests: ["model": "24eb2001e064"]).check(
            ImportModelStage.self, gives: outputs.artifacts.mapValues(\.digest.short))
        #expect(stored.contains { $0.digest == ContentDigest(hashing: weights) })
    }
}
