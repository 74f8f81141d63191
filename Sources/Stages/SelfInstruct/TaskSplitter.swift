/// Cuts the continuation of a numbered list into its tasks (Wang et al., 2023).
package struct TaskSplitter: Sendable {
    /// Self-Instruct asks for a space after the number's full stop, so `\n11.Explain` does not split and two tasks fuse
    /// into one. With this on, only a digit may not follow: `\n3.5 percent` is still no new task.
    package var splitsWithoutSpace = true

    package init() {}

    /// The pieces in order, as they stand. The first begins where the prompt ends, behind its last number.
    package func pieces(of reply: String) -> [String] {
        let scalars = Array(reply.unicodeScalars)
        var pieces: [String] = []
        var piece = String.UnicodeScalarView()
        var index = 0
        while index < scalars.count {
            if scalars[index] == "\n", let next = markerEnd(scalars, from: index + 1) {
                pieces.append(String(piece))
                piece = String.UnicodeScalarView()
                index = next
            } else {
                piece.append(scalars[index])
                index += 1
            }
        }
        return pieces + [String(piece)]
    }

    /// Behind `digits, at most one white space, full stop, white space`, if that stands at `start`.
    private func markerEnd(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var index = start
        while index < scalars.count, isDigit(scalars[index]) { index += 1 }
        guard index > start else { return nil }
        if index < scalars.count, scalars[index].properties.isWhitespace { index += 1 }
        guard index < scalars.count, scalars[index] == "." else { return nil }
        index += 1
        guard index < scalars.count else { return splitsWithoutSpace ? index : nil }
        if scalars[index] == " " { return index + 1 }
        return splitsWithoutSpace && !isDigit(scalars[index]) ? index : nil
    }

    private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
