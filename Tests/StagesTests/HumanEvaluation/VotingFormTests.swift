import Stages
import Testing

@Suite("Forms that raters filled in")
struct VotingFormTests {
    private func votes(_ text: String) throws -> [String] {
        try withTemporaryFile(text) { try VotingForm.read($0, name: "f") }.map {
            "\($0.ballot) \($0.choice.map { "\($0)" } ?? "none") \($0.place)"
        }
    }

    @Test(
        "tables are read as spreadsheets save them",
        arguments: [
            "ballot,vote\na,1\nb,tie\n", "ballot,vote\r\na,1\r\nb,tie", "\u{FEFF}ballot;vote\r\na;1\r\nb;TIE\r\n",
            "ballot\tvote\na\t 1 \nb\tdraw\n", "\"ballot\",\"vote\"\n\"a\",\"1\"\n\"b\",\"=\"\n",
            "vote,ballot\n1,A\n0,b\n", "ballot,vote\ra,1\rb,tie\r", "ballot,vote\na,1\nb,tie\n,\n,\n",
        ])
    func dialects(text: String) throws {
        #expect(try votes(text) == ["a upper f:2", "b tie f:3"])
    }

    @Test("quoted fields may hold separators, quotes and line breaks; empty lines and empty votes are no votes")
    func quotes() throws {
        let text = "ballot,remark,vote\na,\"said \"\"no\"\",\nand more\",2\n\nb,,\n"
        #expect(try votes(text) == ["a lower f:2", "b none f:5"])
    }

    @Test(
        "what is no form is refused with its line",
        arguments: [
            ("", "'f' is empty"),
            ("a,1\n", "f:1: must name the columns 'ballot' and 'vote'; is this a rater's form?"),
            ("ballot,vote\na,3\n", "f:2: the vote is '3'; write 1, 2 or tie, or nothing"),
            ("ballot,vote\na\n", "f:2: has 1 fields, and the first line has 2"),
            ("ballot,vote\n\"a,1\n", "f:2: opens a quote that nothing closes"),
            (
                "ballot,vote\n\"a\"b,1\n",
                "f:2: has text behind a closing quote; write a quote in a field twice"
            ),
        ])
    func refused(text: String, problem: String) throws {
        let error = try #require(throws: StageError.self) { try votes(text) }
        #expect("\(error)" == problem)
    }

    @Test("a spreadsheet's own file is no text, and told so")
    func binary() throws {
        #expect(
            throws: StageError.unreadable(file: "f", problem: "is not UTF-8 text; save it as CSV in UTF-8")
        ) { try withTemporaryFile([0x50, 0x4B, 0x03, 0x04, 0xFF, 0xFE]) { try VotingForm.read($0, name: "f") } }
    }
}
