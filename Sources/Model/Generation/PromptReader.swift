/// Reads the prompts of a list of groups into the cache, in order, a few hundred tokens a step.
///
/// A group's prompt begins with the whole pages it shares with the group before; the tokens behind them are read,
/// those of a page shared in part again. Its pages then belong to the group until `release`.
struct PromptReader {
    /// A prompt being read, or read.
    struct Reading {
        let group: PromptGroup
        var pages: [Int]
        /// Positions in the cache so far.
        var filled: Int
    }

    private let groups: [PromptGroup]
    private let pages: KeyValuePages
    private var cursor = 0
    /// Pages of the group begun last, kept for the one behind it.
    private var previous: [Int] = []
    /// Prompts begun and not finished, in order; only the first few are being read.
    private(set) var unfinished: [Reading] = []

    init(groups: [PromptGroup], pages: KeyValuePages) {
        self.groups = groups
        self.pages = pages
    }

    /// The group that would begin next.
    var next: PromptGroup? { cursor < groups.count ? groups[cursor] : nil }

    /// Pages that beginning the next group takes.
    var pagesForNext: Int {
        guard let next else { return 0 }
        return KeyValuePages.pages(for: next.prompt.count) - next.sharedWithPrevious / KeyValuePages.positions
    }

    /// Tokens of the begun prompts that are not yet read.
    var unreadTokens: Int { unfinished.reduce(0) { $0 + $1.group.prompt.count - $1.filled } }

    mutating func beginNext() {
        guard let group = next else { return }
        cursor += 1
        let shared = previous.prefix(group.sharedWithPrevious / KeyValuePages.positions)
        pages.retain(shared)
        pages.release(previous)
        let own = (shared.count..<KeyValuePages.pages(for: group.prompt.count)).map { _ in pages.take() }
        let all = shared + own
        pages.retain(all)
        previous = Array(all)
        unfinished.append(Reading(group: group, pages: previous, filled: shared.count * KeyValuePages.positions))
    }

    /// The rows to compute next: at most `tokens` of them, ending at most `ends` prompts.
    ///
    /// Later prompts may share pages that earlier rows of the same step fill: in each layer all keys and values are
    /// stored before any are read.
    mutating func takeSpans(tokens: Int, ends: Int) -> [RowSpan] {
        var spans: [RowSpan] = []
        var rows = tokens, ends = ends
        for index in unfinished.indices {
            let reading = unfinished[index]
            let count = min(rows, reading.group.prompt.count - reading.filled)
            if count == 0 || ends == 0 { break }
            let end = reading.filled + count
            let isLast = end == reading.group.prompt.count
            spans.append(
                RowSpan(
                    pages: reading.pages, first: reading.filled,
                    tokens: Array(reading.group.prompt[reading.filled..<end]), wantsLogits: isLast))
            unfinished[index].filled = end
            rows -= count
            if isLast { ends -= 1 }
        }
        return spans
    }

    /// Hands over the prompts whose last rows were computed.
    mutating func takeFinished() -> [Reading] {
        let finished = unfinished.prefix { $0.filled == $0.group.prompt.count }
        unfinished.removeFirst(finished.count)
        return Array(finished)
    }

    /// Lets the pages kept for sharing go, once no group is left.
    mutating func releasePrevious() {
        pages.release(previous)
        previous = []
    }
}
