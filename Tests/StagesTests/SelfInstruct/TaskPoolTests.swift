import Foundation
import Model
import Stages
import TestSupport
import Testing

private let seeds = [
    Demonstration(id: "s1", text: "Explain how a bicycle stays upright."),
    Demonstration(id: "s2", text: "List three uses of baking soda:"),
]

private func pool(maximumSimilarity: Double = 0.7) -> TaskPool {
    TaskPool(seeds: seeds, maximumSimilarity: maximumSimilarity)
}

private func reply(_ text: String, isCutOff: Bool = false, request: Int = 0) -> TaskPool.Reply {
    .init(text: text, isCutOff: isCutOff, prompt: TaskPrompt(demonstrations: seeds), round: 0, request: request)
}

@Suite("The Self-Instruct prompt")
struct TaskPromptTests {
    @Test("demonstrations on numbered lines, colons and line breaks gone, the next number left open")
    func rendering() {
        let prompt = TaskPrompt(demonstrations: [
            .init(id: "a", text: " Do\n  this :: "), .init(id: "b", text: "And that"),
        ])
        #expect(prompt.text == "Come up with a series of tasks:\n1. Do this \n2. And that\n3.")
    }

    @Test("two of its own tasks and six seeds, fewer of its own while there are few, none twice")
    func draw() {
        let many = (0..<20).map { Demonstration(id: "s\($0)", text: "seed \($0)") }
        for (available, expected) in [(0, 0), (1, 1), (2, 2), (9, 2)] {
            let own = (0..<available).map { Demonstration(id: "o\($0)", text: "own \($0)") }
            var generator = Philox(key: 5)
            let drawn = TaskPrompt.draw(seeds: many, own: own, total: 8, generated: 2, generator: &generator)
            #expect(drawn.count == 8 && Set(drawn.map(\.id)).count == 8)
            #expect(drawn.count { $0.id.hasPrefix("o") } == expected)
            var again = Philox(key: 5)
            #expect(drawn == TaskPrompt.draw(seeds: many, own: own, total: 8, generated: 2, generator: &again))
        }
    }

    @Test("a prompt does not grow with the pool (schauppi's global prompt string)")
    func promptsAreIndependent() {
        var pool = TaskPool(
            seeds: (0..<9).map { .init(id: "s\($0)", text: "Seed task number \($0)") }, maximumSimilarity: 1)
        var generator = Philox(key: 6)
        for round in 0..<20 {
            let prompt = TaskPrompt(
                demonstrations: TaskPrompt.draw(
                    seeds: pool.seeds, own: pool.own, total: 8, generated: 2, generator: &generator))
            // The opening, eight demonstrations and the number that is left open.
            #expect(prompt.text.split(separator: "\n").count == 10 && prompt.text.hasSuffix("\n9."))
            #expect(Set(prompt.demonstrations.map(\.id)).count == 8)
            pool.take(
                .init(
                    text: " Write about thing \(round)\n10. Tell of matter \(round)", isCutOff: false, prompt: prompt,
                    round: round, request: 0))
            #expect(pool.own.count == 2 * (round + 1))
        }
    }
}

@Suite("Cutting a reply into tasks")
struct TaskSplitterTests {
    @Test(
        "pieces begin at a line's number",
        arguments: [
            (" First task\n10. Second task\n11. Third", [" First task", "Second task", "Third"]),
            (" First\n10 . Second", [" First", "Second"]), (" Only one", [" Only one"]), ("", [""]),
            (" A task\nwith a second line\n10. Next", [" A task\nwith a second line", "Next"]),
            (" Costs 3.5 percent\n3.5 is a number", [" Costs 3.5 percent\n3.5 is a number"]),
            (" Then 10. not at a line's start", [" Then 10. not at a line's start"]),
            (" One\n10.", [" One", ""]),
        ] as [(String, [String])])
    func pieces(reply: String, expected: [String]) {
        #expect(TaskSplitter().pieces(of: reply) == expected)
    }

    @Test("a number without a space behind it splits too; Self-Instruct fuses the two tasks")
    func withoutSpace() {
        var original = TaskSplitter()
        original.splitsWithoutSpace = false
        #expect(original.pieces(of: " One\n11.Explain") == [" One\n11.Explain"])
        #expect(TaskSplitter().pieces(of: " One\n11.Explain") == [" One", "Explain"])
    }
}

@Suite("Filters on a task's own text")
struct TaskFilterTests {
    @Test("a task is put on one line with a capital first; names keep their case")
    func normalized() {
        #expect(TaskFilter().normalized("  write A\n Poem about NASA ") == "Write A Poem about NASA")
        var original = TaskFilter()
        original.keepsCase = false
        #expect(original.normalized("write A Poem about NASA") == "Write a poem about nasa")
    }

    @Test(
        "dropped, with the reason",
        arguments: [
            ("", .empty), ("Explain this now", .tooShort), (String(repeating: "word ", count: 151), .tooLong),
            ("Describe the image in detail", .keyword), ("Read this FILE to me", .keyword),
            ("Draw a picture of Rome", .keyword),
            ("Tell me where to go to eat", .keyword), ("Write a program that sorts", .program),
            ("write a Program that sorts", .program), ("\"Quote this sentence for me", .punctuation),
            ("(a) name four rivers", .punctuation), ("Ça va bien aujourd'hui mon ami", .notASCII),
        ] as [(String, TaskFilter.Reason)])
    func dropped(task: String, reason: TaskFilter.Reason) {
        #expect(TaskFilter().objection(to: task)?.reason == reason)
    }

    @Test(
        "kept",
        arguments: [
            "Explain this now please", "Explain the word imagery to me", "Cargo to London takes long",
            "Profile a famous chemist now",
            "Write a short program note", "Name the mapping of x", "4 facts about bees",
            String(repeating: "word ", count: 150),
            "Let us go together now",
        ])
    func kept(task: String) {
        #expect(TaskFilter().objection(to: task) == nil)
    }
}

@Suite("The pool of tasks")
struct TaskPoolTests {
    @Test("good tasks are taken in with what they came from; each piece has an entry")
    func taking() {
        var pool = pool()
        pool.take(
            reply(
                " Describe your favourite season in detail.\n4. Too short\n5. Plot the sales of last year", request: 3
            ))
        #expect(pool.prompts.map(\.text) == ["Describe your favourite season in detail."])
        #expect(pool.prompts[0].demonstrations == ["s1", "s2"] && pool.prompts[0].request == 3)
        #expect(pool.ledger.map(\.reason) == ["kept", "too-short", "keyword"])
    }

    @Test("demonstrations are never counted as new prompts, nor copied ones (Oxen scans the whole decode)")
    func demonstrationsAreNotNew() {
        var pool = pool()
        pool.take(reply(" explain how a bicycle stays upright.\n4. List three uses of baking soda"))
        #expect(pool.prompts.isEmpty && pool.own.isEmpty)
        #expect(pool.ledger.map(\.reason) == ["duplicate", "similar"])
    }

    @Test("the last task of a complete reply is kept (Oxen always trims it)")
    func lastTask() {
        var pool = pool()
        pool.take(reply(" Name the four largest moons.\n4. Suggest a name for a bakery."))
        #expect(pool.prompts.count == 2)
    }

    @Test("a task is compared with those accepted before it in the same reply")
    func withinReply() {
        var pool = pool()
        pool.take(reply(" Name the four largest moons of Jupiter.\n4. Name the four largest moons of Saturn."))
        // 6 common words of 7 + 7: 12/14 > 0.7
        #expect(pool.prompts.count == 1 && pool.ledger.map(\.reason) == ["kept", "similar"])
    }

    @Test("a similarity of exactly the limit passes")
    func exactLimit() {
        var pool = TaskPool(seeds: [.init(id: "s", text: "a b c d e f g h i")], maximumSimilarity: 0.7)
        pool.take(reply("A b c d e f g p q r s"))
        #expect(pool.prompts.count == 1)
    }

    @Test("a reply cut off at the token limit is discarded, or its last task only")
    func cutOff() {
        let text = " Name the four largest moons.\n4. Suggest a name for a"
        var strict = pool()
        strict.take(reply(text, isCutOff: true))
        #expect(strict.prompts.isEmpty && strict.ledger.map(\.reason) == ["reply-cut-off", "reply-cut-off"])
        var lenient = pool()
        lenient.keepsCompleteTasksOfCutOffReplies = true
        lenient.take(reply(text, isCutOff: true))
        #expect(lenient.prompts.map(\.text) == ["Name the four largest moons."])
    }

    @Test("equal texts in a script that ROUGE-L cannot see are duplicates")
    func otherScripts() {
        var pool = pool()
        pool.filter.requiresASCIIStart = false
        pool.take(reply("日本 の 首都 は どこ\n4. 日本 の 首都 は どこ"))
        #expect(pool.ledger.map(\.reason) == ["kept", "duplicate"])
    }

    @Test("tasks of an earlier iteration are not new again")
    func earlierTasks() {
        var pool = TaskPool(
            seeds: seeds, others: [.init(id: "e", text: "Name the four largest moons.")], maximumSimilarity: 0.7)
        pool.take(reply("name the four largest moons."))
        #expect(pool.prompts.isEmpty && pool.ledger.map(\.detail) == ["of e: Name the four largest moons."])
    }
}
