import Foundation
import Stages
import TestSupport
import Testing

/// What `pipelines/data/README.md` says of the seed set that comes with the project.
@Suite("The seed set")
struct SeedDataTests {
    private func file(_ name: String) -> URL { SharedData.repository.appending(path: "pipelines/data/\(name)") }

    private func trees() throws -> [ConversationTree] {
        var collector = ConversationCollector()
        try SeedFileReader.read(file("seed-trees.jsonl"), name: "seed-trees", into: &collector)
        return collector.finish()
    }

    private func examples() throws -> [EvaluationExample] {
        try EvaluationExampleReader.read(file("evaluation-examples.jsonl"), name: "evaluation-examples")
    }

    @Test("136 prompts with 2 to 4 replies, ranked from 0 without gaps, all marked as synthetic")
    func rankedTrees() throws {
        let trees = try trees()
        #expect(trees.count == 136 && trees.reduce(0) { $0 + $1.replies.count } == 434)
        for tree in trees {
            #expect((2...4).contains(tree.replies.count), "\(tree.id)")
            #expect(
                tree.replies.map(\.rank).sorted { ($0 ?? -1) < ($1 ?? -1) } == (0..<tree.replies.count).map { $0 })
            #expect(tree.prompt?.isSynthetic == true && tree.replies.allSatisfy(\.isSynthetic))
        }
    }

    @Test("the best reply is the longest in 84 trees: length alone does not tell it")
    func lengths() throws {
        let longest = try trees().filter { tree in
            tree.replies.max { $0.text.count < $1.text.count }?.rank == 0
        }
        #expect(longest.count == 84)
    }

    @Test("342 judged responses to 114 instructions, each score 57 times")
    func judgedExamples() throws {
        let examples = try examples()
        #expect(examples.count == 342 && Set(examples.map(\.instruction)).count == 114)
        #expect(
            Dictionary(grouping: examples, by: \.score).mapValues(\.count) == [
                0: 57, 1: 57, 2: 57, 3: 57, 4: 57, 5: 57,
            ])
    }

    @Test("every justification says what was asked for and what was given, then concludes as its score does")
    func justifications() throws {
        let conclusions = [
            "", "It is on the subject but ", "It covers a part ", "It answers the basic request but ",
            "It is direct, clear and complete, ", "It is complete, precise and expert, ",
        ]
        for example in try examples() {
            let parts = try #require(
                example.justification.wholeMatch(
                    of: #/Asked for: .+?\. Given: .+?\. (?<end>(It|That) .+\.)/#),
                "\(example.origin): \(example.justification)")
            let isNothing = parts.end.hasSuffix(" so it earns no points.")
            #expect(isNothing == (example.score == 0), "\(example.origin)")
            #expect(isNothing || parts.end.hasPrefix(conclusions[example.score]), "\(example.origin)")
        }
    }

    @Test("no instruction is like a prompt of the trees, and no prompt like another")
    func unlike() throws {
        var prompts = SimilarityPool()
        for tree in try trees() {
            let text = try #require(tree.prompt?.text)
            #expect(prompts.nearest(to: text, above: 0.46) == nil, "\(tree.id)")
            prompts.insert(id: tree.id, text: text)
        }
        for example in try examples() {
            #expect(prompts.nearest(to: example.instruction, above: 0.6) == nil, "\(example.origin)")
        }
    }
}
