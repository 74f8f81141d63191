internal import Artifacts

/// What one run came to, gathered for its report: a value without a store behind it, which every form of the report is
/// made from.
struct RunStory: Sendable {
    var run: StoryRun
    /// In the order of the run.
    var stages: [StoryStage]
    /// In the order in which they were made.
    var models: [StoryModel]
    var measurements: [StoryMeasurement] = []
    var curves: [TrainingCurves] = []
    var yields: [PairYield] = []
    var scores: [ScoreHistogram] = []
    var lengths: [ResponseLengths] = []
    var maps: [TextMap] = []
    var pairs: [PairExamples] = []
    var warnings: [StoryWarning] = []

    /// What the report calls the model at `position`.
    func label(_ position: Int?) -> String? { position.map { models[$0].label } }

    /// From the model that everything began with to the last one, by what each was trained from.
    var mainLine: [Int] {
        func line(to position: Int) -> [Int] {
            (models[position].parent.map { line(to: $0) } ?? []) + [position]
        }
        // Of lines of the same length the one that ends last.
        return models.indices.map(line).max { ($0.count, $0.last ?? 0) < ($1.count, $1.last ?? 0) } ?? []
    }
}

/// The run itself, and what it takes to repeat it.
struct StoryRun: Sendable {
    var id: String
    var pipeline: String
    var end: PastRun.End
    var seconds: Double?
    /// Seconds since 1970; nil where the id is no time.
    var startedAt: Double?
    /// Those that stages drew from, in order; nearly always one.
    var seeds: [String]
    var file: String?
    var overlays: [String] = []
    var settings: [String] = []
    /// What made the results: each value once, in order.
    var programs: [String] = []
    var processors: [String] = []
    var numerics: [String] = []
    /// Files from outside.
    var sources: [StorySource] = []
    /// Of each stage, by its name.
    var parameters: [String: JSONValue] = [:]
}

struct StorySource: Sendable {
    var name: String
    var path: String
    /// 64 hexadecimal digits; nil where no result tells.
    var digest: String?
}

/// One stage, and what it was connected to.
struct StoryStage: Sendable {
    struct Output: Sendable {
        var port: String
        /// `candidate/2`.
        var schema: String
        var digest: String
        var rows: Int
    }

    struct Input: Sendable {
        var port: String
        /// `m2.pairs.pairs`, or the name of a source.
        var origins: [String]

        /// Of each origin the stage, or the source.
        var writers: [Substring] {
            // Ports have no dots.
            origins.map { origin in origin.lastIndex(of: ".").map { origin[..<$0] } ?? origin[...] }
        }
    }

    var name: String
    var kind: String
    /// `cached`, `ran`, `failed`, `skipped`, `interrupted`, `not-started`.
    var outcome: String
    /// Why it ran, or what went wrong.
    var reason: String
    /// What its result took to make, in this run or in the one that made it; nil where nothing was made.
    var seconds: Double?
    var key: String?
    var version: Int?
    var inputs: [Input]
    var outputs: [Output]
    var isCollected = false
    /// The positions of the stages that it reads from.
    var parents: [Int] = []
    /// What it asks of a model: parameters and inputs but those that bring the model itself. Two stages' numbers can be set
    /// beside each other where this is the same.
    var question = ""

    /// Whether an input comes from the stage of that name.
    func reads(_ stage: String) -> Bool {
        inputs.contains { $0.origins.contains(stage) || $0.writers.contains(stage[...]) }
    }
}

/// A checkpoint, named after the stage that made it.
struct StoryModel: Sendable {
    /// Its part's name where that has no other model: `m2` for `m2.model`.
    var label: String
    /// The position of the stage that made it.
    var stage: Int
    /// Of the model it was trained from.
    var parent: Int?
}

/// A number that a stage measured, and what it is about.
struct StoryMeasurement: Sendable {
    var stage: String
    var kind: String
    /// The position of the model that it is about; nil for one that no model made.
    var model: Int?
    /// In a comparison, the other one.
    var opponent: Int?
    var judge: Int?
    /// `StoryStage.question` of its stage.
    var question = ""
    var name: String
    var value: Double?
    var count: Int
    var lower: Double?
    var upper: Double?
    var note: String?
}

/// What the steps of one training showed.
struct TrainingCurves: Sendable {
    var model: Int?
    var stage: String
    var kind: String
    /// By TRL's name: the steps that have the metric, in order.
    var metrics: [String: [CurvePoint]]
}

struct CurvePoint: Sendable, Equatable {
    var step: Int
    var value: Double
}

/// How many of what was written for one training came through to it.
struct PairYield: Sendable {
    struct Step: Sendable {
        var name: String
        var stage: String
        var entered: Int
        var kept: Int
        var unit: String
        /// Why the others were left behind, the commonest first.
        var dropped: [Loss]
        /// What each of the step before became: 4 responses to a prompt.
        var note: String?
    }

    struct Loss: Sendable {
        var reason: String
        var count: Int
    }

    /// The stage that paired.
    var stage: String
    /// The model that was trained on the pairs; nil where none was.
    var model: Int?
    var steps: [Step]
}

/// Which scores a judge gave.
struct ScoreHistogram: Sendable {
    var stage: String
    var kind: String
    var judge: Int?
    /// Verdicts by score, rounded to whole ones.
    var counts: [Int: Int]
    /// The same, of the verdicts that state a score; an expectation over the digits leaves these.
    var stated: [Int: Int]
    var verdicts: Int
    /// Of these, how many state a score in the form that was asked for.
    var parsed: Int
    /// In bits; nil where there is no score.
    var entropy: Double?
}

/// How long the responses of one stage are.
struct ResponseLengths: Sendable {
    var stage: String
    var writer: Int?
    /// Whether pairs were made of them.
    var isTrainingData: Bool
    var count: Int
    var cutOff: Int
    /// Tokens.
    var mean: Double
    var lowerTenth: Double
    var median: Double
    var upperTenth: Double
    var meanCharacters: Double
}

/// Texts as points, near each other where a model finds them alike.
struct TextMap: Sendable {
    struct Point: Sendable {
        var group: String
        var x: Double
        var y: Double
        var text: String
    }

    var stage: String
    var kind: String
    var points: [Point]
    /// Of how many these were drawn.
    var total: Int
}

/// Pairs of one stage that are worth reading.
struct PairExamples: Sendable {
    struct Side: Sendable {
        var text: String
        var score: Double?
        var replies: [Reply]
    }

    struct Reply: Sendable {
        var text: String
        var score: Double?
    }

    struct Example: Sendable {
        var id: String
        var prompt: String
        var chosen: Side
        var rejected: Side
        var gap: Double?
    }

    var stage: String
    var model: Int?
    var total: Int
    /// Those with the largest differences of scores, the largest first.
    var clearest: [Example]
    /// Those with the smallest, the smallest first.
    var closest: [Example]
}

/// Something that a reader should know before believing the rest.
struct StoryWarning: Sendable {
    enum Subject: String, Sendable, CaseIterable {
        case failure, collapse, likelihood, length, parsing, data, stage
    }

    var subject: Subject
    var stage: String?
    var text: String
}
