import Artifacts
import Testing

@Suite("Conditions on rows")
struct RowConditionTests {
    private static let row: JSONValue = [
        "score": 4.0, "count": 3, "text": "it's \"so\"", "finish": "stop", "nothing": nil, "flag": true,
        "metrics": ["rewards/margins": 0.5], "list": ["a", "b"], "verdicts": [["score": 1], ["score": 5]],
    ]

    @Test(
        "what holds",
        arguments: [
            "score >= 4", "score == 4", "4 <= score", "score > count", "count != 4", "score < 4.5 and count == 3",
            "finish == 'stop'", #"finish == "stop""#, "finish > 'sto'", "text ~ 'so'", #"text == 'it\'s "so"'"#,
            "flag == true", "flag != false", "nothing == null", "absent == null", "score != null",
            "metrics.rewards/margins == 0.5", "list == 'b'", "list ~ 'a'", "verdicts.score == 5",
            "verdicts.0.score == 1", "not score < 4", "not not flag == true", "score == 1 or finish == 'stop'",
            "score == 4 or score == 1 and finish == 'never'", "(score == 1 or count == 3) and flag == true",
            "count == 3.0", "score == 4e0", "verdicts.score > -1",
        ])
    func holds(text: String) throws {
        #expect(try RowCondition(text).holds(for: Self.row))
    }

    @Test(
        "what does not hold: values of unlike types are neither equal nor unequal, less or greater",
        arguments: [
            "score == '4'", "score != '4'", "finish < 4", "finish >= 4", "flag == 1", "flag < true", "score ~ 4",
            "nothing < 1", "absent > 0", "absent != null", "metrics == 1", "finish == null", "verdicts.7.score == 1",
            "(score == 1 or count == 3) and flag == false", "not (finish == 'stop')", "metrics ~ 'rewards'",
        ])
    func doesNotHold(text: String) throws {
        #expect(try !RowCondition(text).holds(for: Self.row))
    }

    @Test(
        "what cannot be read is shown at its place",
        arguments: [
            ("score >= ", "condition: a value is due where it ends\n  score >= \n           ^"),
            ("score", "condition: one of == != < <= > >= ~ is due where it ends\n  score\n       ^"),
            ("score = 4", "condition: '=' means nothing here; equality is '=='\n  score = 4\n        ^"),
            ("score == 4x", "condition: '4x' is not a number; put a text in quotes\n  score == 4x\n           ^"),
            ("a == 'b", "condition: the text that begins here has no closing quote\n  a == 'b\n       ^"),
            ("a == 1 b", "condition: 'and', 'or' or the end is due instead of 'b'\n  a == 1 b\n         ^"),
            ("(a == 1", "condition: ')' is due where it ends\n  (a == 1\n         ^"),
            ("and a == 1", "condition: a field is due instead of 'and'\n  and a == 1\n  ^"),
            ("", "condition: a field is due where it ends\n  \n  ^"),
            ("a == 1 & b == 2", "condition: '&' means nothing here\n  a == 1 & b == 2\n         ^"),
        ])
    func malformed(text: String, message: String) {
        let error = #expect(throws: ArtifactError.self) { try RowCondition(text) }
        #expect(error.map { "\($0)" } == message)
    }

    @Test("nesting has a bound", arguments: ["(", "not "])
    func deep(opening: String) {
        let text = String(repeating: opening, count: 5000) + "a == 1"
        let column = 64 * opening.count
        #expect(
            throws: ArtifactError.malformedCondition(text, column: column, problem: .tooDeep(limit: 64))
        ) { try RowCondition(text) }
    }
}

@Suite("Figures of rows")
struct RowStatisticsTests {
    @Test("each field has its counts, its spread and its commonest values")
    func fields() throws {
        var statistics = RowStatistics()
        statistics.add(["score": 1, "text": "abc", "list": [["n": 1], ["n": 2]], "flag": true])
        statistics.add(["score": 4.0, "text": nil, "list": [], "flag": false])
        statistics.add(["score": 2, "text": "abc", "flag": true])
        statistics.add(["score": 1, "text": "abcdef", "list": [["n": 9]], "flag": true])
        #expect(statistics.rows == 4)
        let fields = statistics.fields
        #expect(fields.map(\.path) == ["flag", "list", "list.n", "score", "text"])

        let score = try #require(fields.first { $0.path == "score" })
        // 1, 1, 2, 4: mean 8 / 4, median 3 / 2.
        let numbers = try #require(score.numbers)
        #expect(numbers.minimum == 1 && numbers.mean == 2 && numbers.median == 1.5 && numbers.maximum == 4)
        #expect(score.distinct == 3 && score.frequent(2).map(\.count) == [2])
        #expect(score.frequent(2).map(\.value) == [1])

        let text = try #require(fields.first { $0.path == "text" })
        #expect(text.values == 3 && text.nulls == 1 && text.missing == 0)
        #expect(text.lengths?.median == 3 && text.lengths?.maximum == 6 && text.numbers == nil)

        let inner = try #require(fields.first { $0.path == "list.n" })
        #expect(inner.values == 3 && inner.missing == 2)
        let list = try #require(fields.first { $0.path == "list" })
        #expect(list.values == 0 && list.nulls == 0)
        let flag = try #require(fields.first { $0.path == "flag" })
        #expect(flag.trues == 3 && flag.falses == 1)
    }

    @Test("more different values than are told apart are said to be more")
    func distinctLimit() throws {
        var statistics = RowStatistics()
        for number in 0...FieldStatistics.distinctLimit { statistics.add(["n": .integer(Int64(number))]) }
        let field = try #require(statistics.fields.first)
        #expect(field.distinct == FieldStatistics.distinctLimit && field.hasMoreDistinct)
        #expect(field.frequent(3).isEmpty)
    }

    @Test("large numbers have a mean")
    func largeNumbers() throws {
        var statistics = RowStatistics()
        for _ in 0..<3 { statistics.add(["n": .number(.greatestFiniteMagnitude)]) }
        let spread = try #require(statistics.fields.first?.numbers)
        #expect(spread.mean.isFinite && spread.median == .greatestFiniteMagnitude)
    }
}

@Suite("Rows drawn by lot")
struct RowSampleTests {
    private func draw(_ count: Int, of rows: Int, seed: UInt64) -> [Int] {
        var sample = RowSample(count: count, seed: seed)
        for position in 0..<rows { sample.offer(position) }
        return sample.positions
    }

    @Test("one seed draws the same rows each time, fewer of them are some of more")
    func deterministic() {
        #expect(draw(5, of: 1000, seed: 1) == draw(5, of: 1000, seed: 1))
        #expect(draw(5, of: 1000, seed: 1) != draw(5, of: 1000, seed: 2))
        #expect(Set(draw(5, of: 10_000, seed: 3)).isSubset(of: draw(50, of: 10_000, seed: 3)))
        #expect(draw(9, of: 4, seed: 0) == [0, 1, 2, 3])
        #expect(draw(0, of: 4, seed: 0).isEmpty)
    }

    @Test("every row has the same chance")
    func uniform() {
        var counts = [Int](repeating: 0, count: 10)
        for seed in 0..<2000 { for position in draw(2, of: 10, seed: UInt64(seed)) { counts[position] += 1 } }
        // 2000 draws of probability 1/5 each: 400 ± 18; five of these and more would be a defect.
        #expect(counts.allSatisfy { (310...490).contains($0) }, "\(counts)")
    }
}
