import Artifacts
import Stages
import TestSupport
import Testing

/// Reads lines as one seed file named f.
private func read(_ lines: String...) throws -> ConversationCollector {
    var collector = ConversationCollector()
    try withTemporaryFile(lines.joined(separator: "\n")) {
        try SeedFileReader.read($0, name: "f", into: &collector)
    }
    return collector
}

private func selected(_ collector: ConversationCollector) -> [SelectedTree] {
    collector.finish().compactMap {
        if case .selected(let tree) = SeedSelection().select($0) { tree } else { nil }
    }
}

@Suite("The forms of seed files")
struct SeedFormTests {
    /// A line, the form that it has, the prompt, and the responses, best first.
    static let rows: [(line: String, form: SeedForm, prompt: String, responses: [String])] = [
        (#"{"prompt":"Why?","response":"So."}"#, .pair, "Why?", ["So."]),
        (#"{"prompt":"Why?","completion":"So.","lang":"en"}"#, .pair, "Why?", ["So."]),
        (
            #"{"prompt":[{"role":"user","content":"Why?"}],"completion":[{"role":"assistant","content":"So."}]}"#,
            .pair, "Why?", ["So."]
        ),
        (#"{"instruction":"Add.","input":"1 2","output":"3"}"#, .alpaca, "Add.\n\n1 2", ["3"]),
        (#"{"instruction":"Add.","input":"","output":"3"}"#, .alpaca, "Add.", ["3"]),
        (
            #"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Why?"},{"role":"assistant","content":"So."},{"role":"user","content":"And?"}]}"#,
            .conversation, "Be brief.\n\nWhy?", ["So."]
        ),
        (
            #"{"conversations":[{"from":"human","value":"Why?"},{"from":"gpt","value":"So."}]}"#, .conversation,
            "Why?", ["So."]
        ),
        (#"{"prompt":"Why?","chosen":"So.","rejected":"No."}"#, .preference, "Why?", ["So.", "No."]),
        (
            #"{"chosen":[{"role":"user","content":"Why?"},{"role":"assistant","content":"So."}],"rejected":[{"role":"user","content":"Why?"},{"role":"assistant","content":"No."}]}"#,
            .preference, "Why?", ["So.", "No."]
        ),
        (
            #"{"chosen":"\n\nHuman: Why?\n\nAssistant: So.","rejected":"\n\nHuman: Why?\n\nAssistant:"}"#,
            .preference,
            "Why?", ["So."]
        ),
        (
            #"{"instruction":"Why?","completions":[{"response":"No.","overall_score":2},{"response":"So.","overall_score":8.5},{"response":"Hm.","overall_score":2}]}"#,
            .scored, "Why?", ["So.", "No.", "Hm."]
        ),
        (
            #"{"prompt":"Why?","responses":[{"text":"No.","rank":1},{"text":"So.","rank":0}]}"#, .scored, "Why?",
            ["So.", "No."]
        ),
        (
            #"{"instruction":"Why?","completions":["No.","So.","Hm."],"scores":[2,8.5,1]}"#, .scored, "Why?",
            ["So.", "No.", "Hm."]
        ),
        (#"{"prompt":"Why?","responses":["No.","So."],"ranks":[1,0]}"#, .scored, "Why?", ["So.", "No."]),
        (
            #"{"thread_id":"x","tree_state":"ready_for_export","thread":[{"message_id":"a","message_tree_id":"a","text":"Why?","role":"prompter","lang":"en"},{"message_id":"b","text":"So.","role":"assistant","lang":"en","rank":0}]}"#,
            .thread, "Why?", ["So."]
        ),
    ]

    @Test("each form is recognised and read", arguments: rows)
    func forms(row: (line: String, form: SeedForm, prompt: String, responses: [String])) throws {
        let collector = try read(row.line)
        #expect(collector.forms == [row.form: 1])
        let tree = try #require(selected(collector).first)
        #expect(tree.prompt == row.prompt && tree.best == row.responses[0])
        #expect(tree.ranked.isEmpty || tree.ranked.map(\.text) == row.responses)
        #expect(tree.ranked.isEmpty == (row.responses.count == 1))
    }

    @Test("a byte order mark before the first line is read past, and stands in no text")
    func byteOrderMark() throws {
        let rows = try read("\u{FEFF}" + lines(0), lines(3))
        #expect(rows.forms == [.pair: 1, .alpaca: 1])
        #expect(selected(rows).map(\.prompt) == ["Why?", "Add.\n\n1 2"])
        // Anywhere else it is no part of JSON.
        #expect(throws: StageError.self) { try read(lines(0), "\u{FEFF}" + lines(3)) }
        #expect(throws: StageError.self) { try read("\u{FEFF}\u{FEFF}" + lines(0)) }
    }

    @Test("equal scores are equal ranks, and the best of them may be learned from")
    func ties() throws {
        let tree = try #require(
            selected(
                read(
                    #"{"instruction":"Why?","completions":[{"response":"a","score":3},{"response":"b","score":3},{"response":"c","score":1}]}"#
                )
            ).first)
        #expect(tree.ranked.map(\.rank) == [0, 0, 1] && tree.best == "a")
    }

    @Test("forms may be mixed, and a row's id follows from its content alone")
    func mixed() throws {
        let first = try read(lines(0, 3, 7)), second = try read(lines(7, 0, 3))
        #expect(first.forms == [.pair: 1, .alpaca: 1, .preference: 1])
        #expect(Set(first.finish().map(\.id)) == Set(second.finish().map(\.id)))
        // The same row twice has two ids: selection keeps the first prompt and says so of the second.
        let twice = try read(lines(0, 0)).finish().map(\.id), once = try read(lines(0)).finish().map(\.id)
        #expect(Set(twice).count == 2 && twice[0] == once[0])
    }

    private func lines(_ numbers: Int...) -> String { numbers.map { Self.rows[$0].line }.joined(separator: "\n") }

    @Test("threads of one tree share their beginning, and their replies are siblings")
    func threads() throws {
        func thread(_ reply: String, rank: Int) -> String {
            """
            {"thread_id":"\(reply)","thread":[{"message_id":"a","text":"Why?","role":"prompter","lang":"en"},\
            {"message_id":"\(reply)","text":"\(reply)","role":"assistant","lang":"en","rank":\(rank)}]}
            """
        }
        let tree = try #require(selected(read(thread("b", rank: 1), thread("c", rank: 0))).first)
        #expect(tree.ranked.map(\.text) == ["c", "b"])
    }

    @Test("a stated language counts, an unstated one does not stand in the way")
    func languages() throws {
        #expect(try selected(read(#"{"prompt":"Warum?","response":"Darum.","lang":"de"}"#)).isEmpty)
        #expect(try selected(read(#"{"prompt":"Why?","response":"So."}"#)).count == 1)
        // Regions are read past, and what is no language is none: programs have languages too.
        for other in ["en-US", "EN", "en_GB", "python", "C++", "English text"] {
            let row = #"{"instruction":"Why?","output":"So.","language":"\#(other)"}"#
            #expect(try selected(read(row)).count == 1, "\(other)")
        }
        for other in ["de-AT", "deu", "FR"] {
            let row = #"{"instruction":"Why?","output":"So.","language":"\#(other)"}"#
            #expect(try selected(read(row)).isEmpty, "\(other)")
        }
        #expect(try selected(read(#"{"prompt":"Why?","response":"So.","language":["python","c"]}"#)).count == 1)
        let unstated = #"{"message_id":"a","message_tree_id":"a","text":"Why?","role":"prompter"}"#
        #expect(try selected(read(unstated)).isEmpty)
    }

    @Test(
        "a reply behind later turns, or behind another opening, is none to the first message, and is not selected",
        arguments: [
            #"{"chosen":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d","rejected":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: e"}"#,
            #"{"chosen":"\n\nHuman: a\n\nAssistant: b","rejected":"\n\nHuman: other\n\nAssistant: c"}"#,
            #"{"prompt":"a","chosen":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"},{"role":"assistant","content":"d"}],"rejected":"e"}"#,
            #"{"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"completion":[{"role":"assistant","content":"d"}]}"#,
            #"{"prompt":"a","response":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d"}"#,
        ])
    func laterTurns(line: String) throws {
        let collector = try read(line)
        #expect(collector.finish().map(\.replies.count) == [0] && selected(collector).isEmpty)
    }

    @Test(
        "what is not as its form has it is named by file and line",
        arguments: [
            (#"{"prompt":"a","response":7}"#, "f:1: 'response' must be a text or a list of messages, not an integer"),
            (#"{"instruction":"a","output":null,"messages":[]}"#, "f:1: 'messages' is empty"),
            (
                #"{"messages":[{"role":"wizard","content":"a"}]}"#,
                "f:1: a message of 'messages' has the role 'wizard'"
            ),
            (#"{"messages":[{"role":"user","content":"a"}]}"#, "f:1: 'messages' has no reply of the assistant"),
            (#"{"chosen":"a","rejected":"b"}"#, "f:1: has no 'prompt', and 'chosen' is no dialogue"),
            (#"{"prompt":"a","chosen":[],"rejected":"b"}"#, "f:1: 'chosen' is empty"),
            (
                #"{"instruction":"a","completions":[{"response":"b"}]}"#,
                "f:1: an entry of 'completions' has no number"
            ),
            (
                #"{"instruction":"a","completions":["b","c"]}"#,
                "f:1: 'completions' holds plain texts, and nothing says which is better; give each a number in a list"
            ),
            (
                #"{"prompt":"a","responses":["b","c"],"scores":[1]}"#,
                "f:1: 'scores' must hold a number for each of the 2 texts of 'responses'"
            ),
            (
                #"{"prompt":"a","responses":["b","c"],"ranks":[1,"d"]}"#,
                "f:1: 'ranks' must hold a number for each of the 2 texts of 'responses'"
            ),
            (
                #"{"prompt":"a","responses":[{"text":"b","rank":0},"c"]}"#,
                "f:1: an entry of 'responses' is a string where others are objects"
            ),
            (#"{"text":"a"}"#, "f:1: is in no form that is known: it has 'text'; wanted are"),
            ("{}", "f:1: is in no form that is known: it has no members; wanted are"),
        ])
    func malformed(line: String, message: String) throws {
        let error = try #require(throws: StageError.self) { try read(line) }
        #expect("\(error)".hasPrefix(message), "\(error)")
    }

    @Test(
        "HH-RLHF's test pairs are read: first turns are ranked, later ones counted as unusable",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func preferences() throws {
        var collector = ConversationCollector()
        let path = "hh-rlhf-harmless-test/test.jsonl.gz"
        try SeedFileReader.read(SharedData.url(path), name: path, into: &collector)
        let trees = collector.finish(), usable = selected(collector)
        #expect(collector.forms == [.preference: 2_312] && trees.count == 2_312)
        #expect(!usable.isEmpty && usable.allSatisfy { $0.ranked.map(\.rank) == [0, 1] })
    }
}
