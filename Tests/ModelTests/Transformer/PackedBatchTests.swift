import Model
import Testing

@Suite("Packed batches")
struct PackedBatchTests {
    static func sequence(_ tokens: [Int32], targetsFrom first: Int) -> TargetedSequence {
        TargetedSequence(tokens: tokens, targetMask: tokens.indices.map { $0 >= first })
    }

    /// The tokens a row sees, its own included.
    static func context(_ row: Int, _ batch: PackedBatch) -> [Int32] {
        guard let index = batch.segments.firstIndex(where: { $0.rows.contains(row) }) else { return [] }
        var tokens = Array(batch.tokens[batch.segments[index].rows.lowerBound...row])
        var parent = batch.segments[index].parent
        while let ancestor = parent {
            tokens = batch.tokens[batch.segments[ancestor].rows] + tokens
            parent = batch.segments[ancestor].parent
        }
        return tokens
    }

    /// Every target is predicted from exactly the tokens before it.
    static func expectExact(_ batch: PackedBatch, _ sequences: [TargetedSequence]) {
        var targets = batch.targets[...]
        for (index, sequence) in sequences.enumerated() {
            for position in sequence.targetMask.indices where sequence.targetMask[position] {
                guard let target = targets.popFirst() else { return #expect(Bool(false), "too few targets") }
                #expect(target.sequence == index && target.token == sequence.tokens[position])
                #expect(context(target.row, batch) == Array(sequence.tokens[..<position]))
                #expect(Int(batch.positions[target.row]) == position - 1)
            }
        }
        #expect(targets.isEmpty)
    }

    @Test("a pair's prompt is held once, and the last token's row not at all")
    func pair() {
        let sequences = [
            Self.sequence([1, 2, 3, 4, 5], targetsFrom: 3), Self.sequence([1, 2, 3, 6, 7, 8], targetsFrom: 3),
        ]
        let batch = PackedBatch(sequences)
        #expect(batch.tokens == [1, 2, 3, 4, 6, 7])
        #expect(batch.segments.map(\.parent) == [nil, 0, 0])
        // Both first targets are predicted from the prompt's last row.
        #expect(batch.targets.map(\.row) == [2, 3, 2, 4, 5])
        Self.expectExact(batch, sequences)
    }

    @Test("targets are never merged, even where tokens agree")
    func targetsApart() {
        let sequences = [
            Self.sequence([1, 2, 9, 9, 3], targetsFrom: 2), Self.sequence([1, 2, 9, 9, 4], targetsFrom: 2),
        ]
        let batch = PackedBatch(sequences)
        #expect(batch.rows == 2 + 2 + 2)
        Self.expectExact(batch, sequences)
    }

    @Test("prompts that are prefixes of one another, or diverge inside a run, split it")
    func splits() {
        let sequences = [
            Self.sequence([1, 2, 3, 4, 5, 6, 7], targetsFrom: 6), Self.sequence([1, 2, 3, 8, 9], targetsFrom: 4),
            Self.sequence([1, 2, 5], targetsFrom: 2), Self.sequence([1, 2, 3, 4, 5], targetsFrom: 4),
            Self.sequence([7, 2, 3], targetsFrom: 1), Self.sequence([1, 2, 3, 4, 5, 6, 8], targetsFrom: 6),
        ]
        let batch = PackedBatch(sequences)
        #expect(batch.rows == 6 + 1 + 0 + 0 + 2)
        Self.expectExact(batch, sequences)
    }

    @Test("any set of sequences is packed exactly", arguments: 0..<20)
    func random(seed: Int) {
        var generator = Philox(key: UInt64(seed))
        let sequences = (0..<(1 + generator.below(12))).map { _ in
            let length = 1 + generator.below(9), first = 1 + generator.below(length)
            return Self.sequence((0..<length).map { _ in Int32(generator.below(2)) }, targetsFrom: first)
        }
        Self.expectExact(PackedBatch(sequences), sequences)
    }

    @Test("a sequence without targets takes no rows")
    func noTargets() {
        let batch = PackedBatch([Self.sequence([1, 2, 3], targetsFrom: 3)])
        #expect(batch.rows == 0 && batch.targets.isEmpty && batch.depth == 0)
    }

    @Test("a mask with gaps keeps the rows between its targets")
    func gaps() {
        let sequences = [
            TargetedSequence(tokens: [1, 2, 3, 4, 5, 6], targetMask: [false, false, true, false, true, false])
        ]
        let batch = PackedBatch(sequences)
        #expect(batch.tokens == [1, 2, 3, 4])
        Self.expectExact(batch, sequences)
    }

    @Test("long runs are cut into chained segments")
    func longRuns() {
        let sequences = [Self.sequence((0..<700).map { Int32($0 % 5) }, targetsFrom: 10)]
        let batch = PackedBatch(sequences)
        #expect(batch.segments.map(\.rows.count) == [256, 256, 187])
        #expect(batch.segments.map(\.parent) == [nil, 0, 1])
        Self.expectExact(batch, sequences)
    }
}
