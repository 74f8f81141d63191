import Model
import Testing

@Suite("Prompt groups")
struct PromptGroupTests {
    @Test("equal prompts form one group; neighbours share the longest prefix there is")
    func arrange() {
        let prompts: [[Int32]] = [[5, 1, 2], [4], [5, 1], [5, 1, 2], [5, 1, 3, 3]]
        let groups = PromptGroup.arrange(prompts.enumerated().map { ($0.offset, $0.element) })
        #expect(
            groups == [
                PromptGroup(prompt: [4], members: [1], sharedWithPrevious: 0),
                PromptGroup(prompt: [5, 1], members: [2], sharedWithPrevious: 0),
                PromptGroup(prompt: [5, 1, 2], members: [0, 3], sharedWithPrevious: 2),
                PromptGroup(prompt: [5, 1, 3, 3], members: [4], sharedWithPrevious: 2),
            ])
    }
}

@Suite("Key/value pages")
struct KeyValuePagesTests {
    @Test("pages are shared by reference, promised ahead, and come back")
    func accounting() throws {
        let shape = try TinyModel.make().configuration
        let pageBytes = 2 * 2 * (8 * 16 + 16 * 16) * 4
        let pages = KeyValuePages(shape, bytes: 3 * pageBytes)
        let first = pages.take()
        pages.promise(2)
        #expect(!pages.isRoom(for: 1))
        let second = pages.takePromised()
        #expect(first != second)
        #expect(pages.inUse == 2)
        pages.retain([first])
        pages.release([first, second])
        #expect(pages.inUse == 1)
        pages.withdraw(1)
        #expect(pages.isRoom(for: 2))
        pages.release([first])
        #expect(pages.inUse == 0)
    }
}
