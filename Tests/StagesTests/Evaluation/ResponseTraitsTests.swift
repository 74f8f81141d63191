import Stages
import Testing

@Suite("Form of a response")
struct ResponseTraitsTests {
    @Test(
        "lists have two items or more, with bullets or numbers",
        arguments: [
            ("- one\n- two", true), ("1. one\n2) two", true), ("Text:\n  • a\n  • b", true), ("* a\r\n* b", true),
            ("- one alone", false), ("1999 was\n2000 was", false), ("1.5 litres\n2.5 litres", false),
            ("-5 degrees\n-7 degrees", false), ("", false), ("1234. a\n1235. b", false),
            ("**bold**\n**bold**", false),
        ])
    func lists(text: String, expected: Bool) { #expect(ResponseTraits(text).hasList == expected) }

    @Test(
        "markdown is a heading, bold words, a table or a link",
        arguments: [
            ("# Title\ntext", true), ("some **bold** words", true), ("| a | b |\n|---|---|", true),
            ("see [this](there)", true), ("#hashtag", false), ("2 ** 3", false), ("2 ** 3 ** 4", false),
            ("a | b", false),
            ("**\nnext line **", false), ("****", false), ("####### seven", false), ("plain", false),
        ])
    func markdown(text: String, expected: Bool) { #expect(ResponseTraits(text).hasMarkdown == expected) }

    @Test(
        "code is fenced, or stands between backticks in a line",
        arguments: [
            ("```swift\nlet x\n```", true), ("run `ls` now", true), ("a lone ` mark", false),
            ("one `\nand another `", false), ("` `", false), ("none", false),
        ])
    func code(text: String, expected: Bool) { #expect(ResponseTraits(text).hasCode == expected) }

    @Test("length is in characters, as people count them")
    func length() {
        #expect(ResponseTraits("e\u{301}👩‍👩‍👧").characters == 2 && ResponseTraits("").characters == 0)
    }
}
