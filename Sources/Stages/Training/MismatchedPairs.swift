/// Which pair's responses stand behind which pair's prompt where KTO's divergence is estimated.
enum MismatchedPairs {
    /// For each pair the next one with another prompt, the first coming after the last; nil where all have one prompt.
    ///
    /// TRL takes the neighbour whatever its prompt is. Pairs of one prompt stand together here, and a response to the
    /// prompt itself is no mismatch.
    static func partners(ofPrompts prompts: [String]) -> [Int]? {
        guard let last = prompts.last, let first = prompts.firstIndex(where: { $0 != last }) else { return nil }
        var partners = [Int](repeating: first, count: prompts.count)
        for index in prompts.indices.dropLast().reversed() {
            partners[index] = prompts[index + 1] != prompts[index] ? index + 1 : partners[index + 1]
        }
        return partners
    }
}
