import Artifacts
import Model
import Stages
import Testing

@Suite("Which rows come from which")
struct RowRelationTests {
    private static let candidate = Candidate(
        promptID: "prompt-1", prompt: "Why?", index: 0, text: "So.", tokens: 2, finish: .stop)
    private static let worse = Candidate(
        promptID: "prompt-1", prompt: "Why?", index: 1, text: "No.", tokens: 2, finish: .stop)

    private static let answer = MTBenchAnswer(
        questionID: 81, category: "writing", turns: [.init(prompt: "Why?", text: "So.", tokens: 2, finish: .stop)])

    /// A row of each kind that names others, and the ids that it names.
    private static let rows: [(schema: String, row: any Record, ids: [String: [String]])] = [
        (
            "preference-pair", PreferencePair(chosen: candidate, score: 5, rejected: worse, score: 1),
            [
                "prompt": ["prompt-1"], "chosen": [candidate.id], "rejected": [worse.id],
                "judgement of chosen": [candidate.id], "judgement of rejected": [worse.id],
            ]
        ),
        (
            "best-response", BestResponse(candidate, score: 5),
            ["prompt": ["prompt-1"], "candidate": [candidate.id], "judgement": [candidate.id]]
        ),
        (
            "reference-logp",
            ReferenceLogProbabilities(
                pair: "pair-1", precision: .single, chosen: -1, rejected: -2, chosenTokens: 1, rejectedTokens: 1,
                mismatched: .init(pair: "pair-2", chosen: -3, rejected: -4, chosenTokens: 1, rejectedTokens: 1)),
            ["pair": ["pair-1"], "mismatched pair": ["pair-2"]]
        ),
        (
            "judgement", Judgement(candidateID: "candidate-1", promptID: "prompt-1", verdicts: []),
            ["candidate": ["candidate-1"], "prompt": ["prompt-1"]]
        ),
        ("candidate", candidate, ["prompt": ["prompt-1"]]),
        (
            "pairwise-judgement",
            PairwiseJudgement(ResponseMatch(first: candidate, second: worse), replies: []),
            ["first": [candidate.id], "second": [worse.id], "prompt": ["prompt-1"]]
        ),
        (
            "ballot",
            Ballot(
                ResponseMatch(first: candidate, second: worse), rater: 1, number: 1, shown: .secondThenFirst),
            ["first": [candidate.id], "second": [worse.id], "prompt": ["prompt-1"]]
        ),
        (
            "human-verdict",
            HumanVerdict(promptID: "prompt-1", firstID: "candidate-1", secondID: "candidate-2", votes: []),
            ["first": ["candidate-1"], "second": ["candidate-2"], "prompt": ["prompt-1"]]
        ),
        ("prompt-origin", PromptOrigin(promptID: "prompt-1", dataset: "koala"), ["prompt": ["prompt-1"]]),
        (
            "mt-bench-judgement", MTBenchJudgement(answer, turn: 1, withReference: false, verdicts: []),
            ["answer": [answer.id]]
        ),
        (
            "prompt-label",
            PromptLabel(
                promptID: "prompt-1", aspect: "length", value: ("short", 0), raw: "", finish: .stop, reason: nil),
            ["prompt": ["prompt-1"]]
        ),
        (
            "prompt", GeneratedPrompt(text: "Why?", demonstrations: ["a", "b"], round: 0, request: 0, position: 0),
            ["demonstration": ["a", "b"]]
        ),
        (
            "task-reply",
            TaskReply(round: 0, request: 0, demonstrations: ["a", "b"], text: "Why?", tokens: 1, finish: .stop),
            ["demonstration": ["a", "b"]]
        ),
        (
            "text-point", TextPoint(MappedText(row: "prompt-1", group: "ift", text: "Why?"), x: 0, y: 1),
            ["text": ["prompt-1"]]
        ),
        (
            "ledger-entry", LedgerEntry(item: "tree-1", decision: .kept, reason: LedgerEntry.Decision.kept),
            ["item": ["tree-1"]]
        ),
    ]

    @Test("every relation of the table leads to an id in the rows that have it", arguments: rows.indices)
    func declared(number: Int) throws {
        let (schema, record, ids) = Self.rows[number]
        #expect(type(of: record).schema.name == schema)
        let row = try CanonicalJSON.value(of: record)
        var found: [String: [String]] = [:]
        for relation in RowRelations.parents(of: schema) {
            found[relation.role] = RowPath(relation.field).texts(in: row)
        }
        #expect(found == ids)
    }

    @Test("parents are found at members that they have")
    func keys() throws {
        let ranking = Ranking(tree: "t", prompt: "Why?", responses: [.init(id: "message-1", text: "So.", rank: 0)])
        let parents: [String: any Record] = [
            "example": SeedExample(tree: "t", prompt: "Why?", response: "So."), "ranking": ranking,
            "candidate": Self.candidate, "judgement": Judgement(candidateID: "c", promptID: "p", verdicts: []),
            "prompt": GeneratedPrompt(text: "Why?", demonstrations: [], round: 0, request: 0, position: 0),
            "pairwise-judgement": PairwiseJudgement(
                ResponseMatch(first: Self.candidate, second: Self.worse), replies: []),
            "mt-bench-answer": Self.answer,
            "preference-pair": PreferencePair(chosen: Self.candidate, score: 5, rejected: Self.worse, score: 1),
            "judge-example": JudgeExample(
                instruction: "Why?", response: "So.", input: "…", justification: "Good.", score: 4, origin: .seed),
        ]
        for (schema, _, _) in Self.rows {
            for parent in RowRelations.parents(of: schema).flatMap(\.parents) {
                let record: any Record = try #require(parents[parent.schema])
                let row = try CanonicalJSON.value(of: record)
                #expect(!RowPath(parent.key).texts(in: row).isEmpty, "\(parent.schema) has no '\(parent.key)'")
            }
        }
        #expect(RowPath("responses.id").texts(in: try CanonicalJSON.value(of: ranking)) == ["message-1"])
    }

    @Test("a relation is known from both ends, and all its members are indexed")
    func inverse() {
        let fromCandidate = RowRelations.children(of: "candidate").map { "\($0.schema).\($0.relation.field)" }
        #expect(
            fromCandidate == [
                "ballot.first_id", "ballot.second_id", "ballot.prompt_id", "best-response.candidate_id",
                "candidate.prompt_id", "human-verdict.first_id", "human-verdict.second_id", "human-verdict.prompt_id",
                "judgement.candidate_id", "ledger-entry.item",
                "pairwise-judgement.first_id", "pairwise-judgement.second_id", "pairwise-judgement.prompt_id",
                "preference-pair.prompt_id", "preference-pair.chosen_id", "preference-pair.rejected_id",
                "text-point.row_id",
            ])
        #expect(RowRelations.idFields(of: "ranking") == ["id", "responses.id", "tree"])
        #expect(RowRelations.idFields(of: "judgement") == ["id", "candidate_id", "prompt_id"])
        #expect(RowRelations.idFields(of: "measurement") == ["id"])
        #expect(RowRelations.parents(of: "measurement").isEmpty)
        #expect(RowRelations.outsideField(of: "example") == "tree")
    }
}
