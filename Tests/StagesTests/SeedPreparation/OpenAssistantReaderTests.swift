import Foundation
import Stages
import TestSupport
import Testing

/// Reads files of the given contents, named f0, f1 and so on.
private func read(_ contents: String..., repeated: RepeatedTrees = .refuse) throws -> ConversationCollector {
    var collector = ConversationCollector(repeated: repeated)
    for (index, content) in contents.enumerated() {
        try withTemporaryFile(content) { try SeedFileReader.read($0, name: "f\(index)", into: &collector) }
    }
    return collector
}

private func tree(_ id: String, _ text: String = "Why?") -> String {
    """
    {"message_tree_id":"\(id)","tree_state":"ready_for_export","prompt":{"message_id":"\(id)","text":"\(text)",\
    "role":"prompter","lang":"en","replies":[{"message_id":"\(id)-a","parent_id":"\(id)","text":"So.",\
    "role":"assistant","lang":"en","rank":0,"labels":{"quality":{"value":1,"count":3}},"replies":[]}]}}
    """
}

@Suite("Reading Open Assistant files")
struct OpenAssistantReaderTests {
    @Test("the tree form: absent members count as null, labels may be a map")
    func treeForm() throws {
        let trees = try read(tree("t")).finish()
        #expect(trees.count == 1 && trees[0].state == "ready_for_export")
        #expect(trees[0].prompt?.text == "Why?" && trees[0].prompt?.passedReview == nil)
        #expect(trees[0].replies.map(\.rank) == [0])
    }

    @Test("the flat form: rows in any order, labels as parallel arrays, later turns and orphans left aside")
    func flatForm() throws {
        let trees = try read(
            """
            {"message_id":"b","parent_id":"a","message_tree_id":"t","text":"So.","role":"assistant","lang":"en","rank":1.0,"labels":{"name":["spam"],"value":[0.0],"count":[1]}}
            {"message_id":"a","parent_id":null,"message_tree_id":"t","tree_state":"ready_for_export","text":"Why?","role":"prompter","lang":"en","review_result":true,"deleted":false}
            {"message_id":"c","parent_id":"b","message_tree_id":"t","text":"And?","role":"prompter","lang":"en"}

            {"message_id":"d","parent_id":"gone","message_tree_id":"t","text":"Lost","role":"assistant","lang":"en"}
            {"message_id":"e","parent_id":"nowhere","message_tree_id":"u","text":"Lost","role":"assistant","lang":"en"}
            """
        ).finish()
        #expect(trees.map(\.id) == ["t", "u"])
        #expect(trees[0].replies.map(\.id) == ["b"] && trees[0].replies[0].rank == 1)
        #expect(trees[1].prompt == nil)
    }

    @Test(
        "bad lines are named by file and line",
        arguments: [
            ("{\"message_tree_id\":", "f0:2: "), ("[1,2]", "f0:2: is an array, not an object"),
            ("{\"thread_id\":\"x\"}", "f0:2: is in no form that is known: it has 'thread_id'; wanted are"),
            ("{\"message_tree_id\":\"x\",\"prompt\":7}", "f0:2: 'prompt' must be an object, not"),
            (
                "{\"message_tree_id\":\"x\",\"prompt\":{\"message_id\":\"x\",\"role\":\"prompter\"}}",
                "f0:2: 'text' is missing"
            ),
            (
                "{\"message_id\":\"x\",\"message_tree_id\":\"x\",\"text\":\"\",\"role\":\"prompter\",\"rank\":\"0\"}",
                "f0:2: 'rank' must be a whole number, not"
            ),
        ])
    func badLines(line: String, message: String) throws {
        let error = try #require(throws: StageError.self) { try read(tree("t") + "\n" + line) }
        #expect("\(error)".hasPrefix(message), "\(error)")
    }

    @Test("invalid UTF-8 is an error with the line")
    func invalidUTF8() throws {
        let bytes = Array((tree("t") + "\n\n").utf8) + [0x22, 0xFF, 0x22]
        let error = try #require(throws: StageError.self) {
            var collector = ConversationCollector()
            try withTemporaryFile(bytes) { try SeedFileReader.read($0, name: "seeds", into: &collector) }
        }
        #expect("\(error)".hasPrefix("seeds:3: "), "\(error)")
    }

    @Test("a tree id twice is refused, within a file and across files, unless the first is to be kept")
    func duplicateTrees() throws {
        #expect(throws: StageError.duplicateTree(id: "t", first: "f0:1", second: "f0:2")) {
            try read(tree("t") + "\n" + tree("t"))
        }
        #expect(throws: StageError.duplicateTree(id: "t", first: "f0:1", second: "f1:1")) {
            try read(tree("t"), tree("t"))
        }
        let kept = try read(tree("t"), tree("t", "Other?"), repeated: .first)
        #expect(kept.finish().map(\.prompt?.text) == ["Why?"] && kept.repeats.map(\.second) == ["f1:1"])
    }

    /// The tree that `tree` gives, as messages of the flat form.
    private static func flat(_ id: String, _ text: String = "Why?", replies: [String] = ["a"]) -> [String] {
        let prompt = """
            {"message_id":"\(id)","message_tree_id":"\(id)","text":"\(text)","role":"prompter","lang":"en"}
            """
        return [prompt]
            + replies.map {
                """
                {"message_id":"\(id)-\($0)","parent_id":"\(id)","message_tree_id":"\(id)","text":"So.",\
                "role":"assistant","lang":"en","rank":0}
                """
            }
    }

    @Test("a tree of the flat form that is there twice is kept once where the first is to be kept")
    func duplicateFlatTrees() throws {
        let rows = Self.flat("t", replies: ["a", "b"])
        let kept = try read(
            rows.joined(separator: "\n"), rows.reversed().joined(separator: "\n"), repeated: .first)
        #expect(kept.finish().map(\.id) == ["t"] && kept.finish()[0].replies.map(\.id) == ["t-a", "t-b"])
        // Three messages were there before, of one tree.
        #expect(kept.repeats.map(\.tree) == ["t"] && kept.repeats.map(\.second) == ["f1:1"])
        let other = #"{"message_id":"x","message_tree_id":"t","text":"Other?","role":"prompter","lang":"en"}"#
        #expect(throws: StageError.duplicateTree(id: "t", first: "f0:1", second: "f0:4")) {
            try read((rows + [other]).joined(separator: "\n"))
        }
        let first = try read((rows + [other]).joined(separator: "\n"), repeated: .first)
        #expect(first.finish().map(\.prompt?.text) == ["Why?"] && first.repeats.map(\.second) == ["f0:4"])
    }

    @Test("a tree in both forms counts once, and its replies are not doubled", arguments: [true, false])
    func mixedForms(isTreeFirst: Bool) throws {
        let forms = [tree("t"), Self.flat("t", replies: ["a", "c"]).joined(separator: "\n")]
        let (first, second) = isTreeFirst ? (forms[0], forms[1]) : (forms[1], forms[0])
        #expect(throws: StageError.duplicateTree(id: "t", first: "f0:1", second: "f1:1")) {
            try read(first, second)
        }
        let kept = try read(first, second, repeated: .first)
        #expect(kept.finish().map(\.id) == ["t"])
        #expect(kept.finish()[0].replies.map(\.id) == (isTreeFirst ? ["t-a"] : ["t-a", "t-c"]))
        #expect(kept.repeats.map(\.tree) == ["t"])
        // Replies without their prompt are of the same tree.
        let replies = Self.flat("t").dropFirst().joined(separator: "\n")
        let (before, after) = isTreeFirst ? (forms[0], replies) : (replies, forms[0])
        #expect(throws: StageError.duplicateTree(id: "t", first: "f0:1", second: "f1:1")) { try read(before, after) }
        #expect(try read(before, after, repeated: .first).finish().count == 1)
    }

    @Test("a message of two trees is refused, whichever tree is to be kept", arguments: RepeatedTrees.allCases)
    func messageOfTwoTrees(repeated: RepeatedTrees) {
        let stray = """
            {"message_id":"t-a","parent_id":"u","message_tree_id":"u","text":"So.","role":"assistant","lang":"en"}
            """
        #expect(throws: StageError.duplicateMessage(id: "t-a", first: "f0:1", second: "f0:2")) {
            try read(tree("t") + "\n" + stray, repeated: repeated)
        }
        #expect(throws: StageError.duplicateMessage(id: "t-a", first: "f0:1", second: "f0:2")) {
            try read(stray + "\n" + tree("t"), repeated: repeated)
        }
    }

    @Test("a message id twice is refused")
    func duplicateMessages() {
        let row = #"{"message_id":"a","message_tree_id":"t","text":"Why?","role":"prompter","lang":"en"}"#
        #expect(throws: StageError.duplicateMessage(id: "a", first: "f0:1", second: "f0:2")) {
            try read(row + "\n" + row)
        }
    }

    @Test("an empty file is an error")
    func empty() {
        #expect(throws: StageError.self) { try read("\n \n") }
    }

    @Test("gzip and zstd are told by their first bytes; cut off files are errors, not shorter files")
    func compressed() throws {
        // printf 'hi\n' | gzip -n; printf 'hi\n' | zstd
        let gzip: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xCB, 0xC8, 0xE4, 2, 0, 0x7A, 0x7A, 0x6F, 0xED, 3, 0, 0, 0,
        ]
        let zstd: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 4, 0x58, 0x19, 0, 0, 0x68, 0x69, 0x0A, 0x34, 0x3D, 0x50, 0x92]
        for packed in [gzip, zstd] {
            #expect(try withTemporaryFile(packed) { try CompressedText.read($0, name: "f") } == Array("hi\n".utf8))
            #expect(
                try withTemporaryFile(packed + packed) { try CompressedText.read($0, name: "f") }
                    == Array("hi\nhi\n".utf8))
            for length in 5..<packed.count {
                #expect(throws: StageError.self) {
                    try withTemporaryFile(Array(packed.prefix(length))) { try CompressedText.read($0, name: "f") }
                }
            }
            #expect(throws: StageError.unreadable(file: "f", problem: "unpacks to more than 2 bytes; split it")) {
                try withTemporaryFile(packed) { try CompressedText.read($0, name: "f", maximumBytes: 2) }
            }
        }
    }
}
