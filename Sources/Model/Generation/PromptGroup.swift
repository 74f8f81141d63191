/// Requests with one and the same prompt.
///
/// Groups are made in the lexicographic order of their prompts. In that order no earlier prompt shares a longer prefix
/// with a prompt than the one just before it, so keeping that one's pages is enough to read every shared prefix once:
/// a rubric once a run, a prompt once for all its samples.
package struct PromptGroup: Equatable, Sendable {
    package var prompt: [Int32]
    /// Indices of the requests, ascending.
    package var members: [Int]
    /// How many tokens at the front are those of the group before.
    package var sharedWithPrevious: Int

    package init(prompt: [Int32], members: [Int], sharedWithPrevious: Int) {
        self.prompt = prompt
        self.members = members
        self.sharedWithPrevious = sharedWithPrevious
    }

    package static func arrange(_ prompts: [(index: Int, tokens: [Int32])]) -> [PromptGroup] {
        let order = prompts.sorted { first, second in
            first.tokens == second.tokens
                ? first.index < second.index : first.tokens.lexicographicallyPrecedes(second.tokens)
        }
        var groups: [PromptGroup] = []
        for (index, tokens) in order {
            if let last = groups.last, last.prompt == tokens {
                groups[groups.count - 1].members.append(index)
                continue
            }
            let shared = groups.last.map { zip($0.prompt, tokens).prefix { $0 == $1 }.count } ?? 0
            groups.append(PromptGroup(prompt: tokens, members: [index], sharedWithPrevious: shared))
        }
        return groups
    }
}
