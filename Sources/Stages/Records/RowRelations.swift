internal import Artifacts

/// A member of a row that names another row it came from.
public struct RowRelation: Sendable, Hashable {
    /// Rows that the member may name.
    public struct Parent: Sendable, Hashable {
        /// The name of their schema.
        public let schema: String
        /// Their member that has the id; `id`, but for parts of a row.
        public let key: String
    }

    /// What the parent is to the row: `prompt`.
    public let role: String
    /// The member; dots between levels, through arrays as through objects.
    public let field: String
    public let parents: [Parent]

    fileprivate init(_ role: String, _ field: String, _ parents: KeyValuePairs<String, String>) {
        self.role = role
        self.field = field
        self.parents = parents.map { Parent(schema: $0.key, key: $0.value) }
    }
}

/// Which rows come from which: the one place that knows what the members of each kind of row name.
///
/// A judge example has no ids of what it was made from, only the texts; a measurement, a training step and a file of a
/// checkpoint come from all rows that their stage read.
public enum RowRelations {
    /// By the name of the child's schema, the nearest parents first.
    private static let table: [String: [RowRelation]] = [
        PreferencePair.schema.name: [
            // A pair of judgements answers what was asked about a candidate, and was compared, not scored.
            RowRelation("prompt", "prompt_id", [prompt: "id", example: "id", candidate: "id"]),
            RowRelation("chosen", "chosen_id", [candidate: "id", example: "id"]),
            RowRelation(
                "judgement of chosen", "chosen_id",
                [judgement: "candidate_id", comparison: "first_id", comparison: "second_id"]),
            RowRelation("rejected", "rejected_id", [candidate: "id"]),
            RowRelation(
                "judgement of rejected", "rejected_id",
                [judgement: "candidate_id", comparison: "first_id", comparison: "second_id"]),
        ],
        ReferenceLogProbabilities.schema.name: [
            RowRelation("pair", "id", [PreferencePair.schema.name: "id"]),
            RowRelation("mismatched pair", "mismatched.pair", [PreferencePair.schema.name: "id"]),
        ],
        BestResponse.schema.name: [
            RowRelation("prompt", "prompt_id", [prompt: "id", example: "id"]),
            RowRelation("candidate", "candidate_id", [candidate: "id"]),
            RowRelation("judgement", "candidate_id", [judgement: "candidate_id"]),
        ],
        Judgement.schema.name: [
            // The replies that people ranked have ids of their own within their ranking.
            RowRelation("candidate", "candidate_id", [candidate: "id", ranking: "responses.id"]),
            RowRelation("prompt", "prompt_id", [prompt: "id", ranking: "id", example: "id"]),
        ],
        PairwiseJudgement.schema.name: compared,
        Ballot.schema.name: compared,
        HumanVerdict.schema.name: compared,
        PromptOrigin.schema.name: [RowRelation("prompt", "prompt_id", [prompt: "id"])],
        MTBenchJudgement.schema.name: [RowRelation("answer", "answer_id", [MTBenchAnswer.schema.name: "id"])],
        PromptLabel.schema.name: [RowRelation("prompt", "prompt_id", [prompt: "id", example: "id"])],
        // A judge's reply is a response too: to what was asked about a candidate.
        Candidate.schema.name: [RowRelation("prompt", "prompt_id", [prompt: "id", example: "id", candidate: "id"])],
        GeneratedPrompt.schema.name: [demonstrations],
        TaskReply.schema.name: [demonstrations],
        TextPoint.schema.name: [
            RowRelation(
                "text", "row_id",
                [
                    prompt: "id", example: "id", JudgeExample.schema.name: "id", candidate: "id", ranking: "id",
                    ranking: "responses.id",
                ])
        ],
        LedgerEntry.schema.name: [
            RowRelation(
                "item", "item",
                [
                    prompt: "id", ranking: "id", candidate: "id", JudgeExample.schema.name: "id", example: "id",
                    example: "tree", ranking: "tree", ranking: "responses.id",
                ])
        ],
    ]

    /// Of what two responses to one prompt were compared for.
    private static let compared = [
        RowRelation("first", "first_id", [candidate: "id"]),
        RowRelation("second", "second_id", [candidate: "id"]),
        RowRelation("prompt", "prompt_id", [prompt: "id", example: "id", candidate: "id"]),
    ]
    private static let demonstrations = RowRelation("demonstration", "demonstrations", [example: "id", prompt: "id"])

    private static let candidate = Candidate.schema.name
    private static let comparison = PairwiseJudgement.schema.name
    private static let example = SeedExample.schema.name
    private static let judgement = Judgement.schema.name
    private static let prompt = GeneratedPrompt.schema.name
    private static let ranking = Ranking.schema.name

    /// What rows of `schema` come from.
    public static func parents(of schema: String) -> [RowRelation] { table[schema] ?? [] }

    /// Which rows come from those of `schema`: their schema's name, the relation, and the member of the parent that is
    /// named there; by the child's schema.
    public static func children(of schema: String) -> [(schema: String, relation: RowRelation, key: String)] {
        table.keys.sorted().flatMap { child in
            parents(of: child).flatMap { relation in
                relation.parents.filter { $0.schema == schema }.map { (child, relation, $0.key) }
            }
        }
    }

    /// The member of a row that names the conversation tree it was taken from, in a file from outside; nil for rows
    /// that were made from rows.
    public static func outsideField(of schema: String) -> String? {
        [example, ranking].contains(schema) ? "tree" : nil
    }

    /// Every member of rows of `schema` that has an id, its own first: what an index of them must hold.
    public static func idFields(of schema: String) -> [String] {
        let others = parents(of: schema).map(\.field) + children(of: schema).map(\.key)
        return ["id"] + Set(others).subtracting(["id"]).sorted()
    }
}
