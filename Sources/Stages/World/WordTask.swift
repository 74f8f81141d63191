/// A task whose answers a program can check: write a word that meets five wishes.
///
/// The prompt is `begin b end d with f without c size 5`; `b a f e d` meets all five. An answer earns a point for each
/// wish it meets, as the paper's rubric adds up to five (Figure 2), and it is right when it meets them all.
package struct WordTask: Hashable, Sendable {
    /// The wishes, in the order in which prompts and verdicts name them.
    package enum Wish: String, CaseIterable, Sendable {
        case begin, end, with, without, size
    }

    package let first: String
    package let last: String
    package let wanted: String
    package let unwanted: String
    /// Letters of the answer.
    package let size: Int

    package init(first: String, last: String, wanted: String, unwanted: String, size: Int) {
        self.first = first
        self.last = last
        self.wanted = wanted
        self.unwanted = unwanted
        self.size = size
    }

    /// Reads a prompt back; nil for one that is no task of this world.
    package init?(prompt: String) {
        let words = prompt.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let names = stride(from: 0, to: words.count, by: 2).map { words[$0] }
        guard words.count == 2 * Wish.allCases.count, names == Wish.allCases.map(\.rawValue),
            let size = Int(words[9]), size > 0
        else { return nil }
        self.init(first: words[1], last: words[3], wanted: words[5], unwanted: words[7], size: size)
        guard self.prompt == prompt else { return nil }
    }

    package var prompt: String {
        let values = [first, last, wanted, unwanted, String(size)]
        return zip(Wish.allCases, values).map { "\($0.rawValue) \($1)" }.joined(separator: " ")
    }

    /// Whether `answer` meets `wish`. The letters of an answer stand one by one, with a space between.
    package func meets(_ wish: Wish, _ answer: String) -> Bool {
        let letters = answer.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        return switch wish {
        case .begin: letters.first == first
        case .end: letters.last == last
        case .with: letters.contains(wanted)
        // An empty answer avoids every letter, and earns nothing by it.
        case .without: !answer.isEmpty && !letters.contains(unwanted)
        case .size: letters.count == size && letters.allSatisfy { $0.count == 1 }
        }
    }

    /// How many wishes `answer` meets, 0 to 5: the score that a perfect judge gives.
    package func points(_ answer: String) -> Int { Wish.allCases.count { meets($0, answer) } }

    /// Whether it meets all.
    package func isRight(_ answer: String) -> Bool { points(answer) == Wish.allCases.count }

    /// What a perfect judge says: for each wish the value, what the answer has in its place where that can be named, and
    /// whether they agree: `begin b b yes end d e no with f yes without c yes size 5 5 yes`.
    ///
    /// Said aloud, each comparison is one of two neighbours, which a very small model learns; without it, it does not.
    package func verdict(_ answer: String) -> String {
        let letters = answer.split(separator: " ").map(String.init)
        return Wish.allCases.map { wish in
            let seen: [String] =
                switch wish {
                case .begin: [first, letters.first ?? "none"]
                case .end: [last, letters.last ?? "none"]
                case .with: [wanted]
                case .without: [unwanted]
                case .size: [String(size), String(letters.count)]
                }
            return ([wish.rawValue] + seen + [meets(wish, answer) ? "yes" : "no"]).joined(separator: " ")
        }.joined(separator: " ")
    }
}
