import Model
import Stages
import Testing

@Suite("Overlap of groups")
struct GroupOverlapTests {
    private func measure(_ groups: [(name: String, places: [Double])], names: [String]? = nil) -> [String:
        Measurement]
    {
        let points = groups.flatMap(\.places).map { [$0] }
        let bootstrap = Bootstrap(resamples: 300)
        let overlap = GroupOverlap(
            groups: groups.flatMap { group in group.places.map { _ in group.name } },
            distances: RowMatrix(points).squaredDistances(WorkerPool(threads: 1)), bootstrap: bootstrap
        ) { Philox(key: UInt64($0.count), stream: UInt64($1.count)) }
        let found = overlap.measurements(of: names ?? groups.map(\.name))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0) })
    }

    @Test("two groups on a line, counted by hand")
    func byHand() {
        // a: 0 1 10, b: 2 11 12. Nearest: 0→1 own, 1→0 and 2 equally far: a half, 10→11 other; 2→1 other, 11→10 and 12 a half,
        // 12→11 own. In all 3 of 6.
        let found = measure([("a", [0, 1, 10]), ("b", [2, 11, 12])])
        #expect(found["a.b.separation"]?.value == 0.5 && found["a.b.separation"]?.count == 6)
        // Five others: all of them are asked, two are of the group.
        #expect(found["a.purity"]?.value == 0.4 && found["a.purity"]?.note?.contains("0.40 by chance") == true)
    }

    @Test("groups that lie apart come to 1, samples of one distribution to about a half, whatever their sizes")
    func extremes() throws {
        var generator = Philox(key: 8)
        let uniform = (0..<500).map { _ in generator.uniform() }
        let apart = measure([("a", Array(uniform[..<40])), ("b", uniform[40..<200].map { $0 + 5 })])
        #expect(apart["a.b.separation"]?.value == 1 && apart["a.purity"]?.value == 1)
        let mixed = try #require(
            measure([("a", Array(uniform[..<100])), ("b", Array(uniform[100...]))])["a.b.separation"])
        #expect(mixed.count == 200)
        let (lower, upper) = (try #require(mixed.lower), try #require(mixed.upper))
        #expect(lower < 0.5 && upper > 0.45 && upper - lower < 0.2)
    }

    @Test("the same text in both groups is half its own: equal samples are not taken for different ones")
    func sameTexts() {
        let found = measure([("a", [1, 1, 1, 1]), ("b", [1, 1, 1, 1])])
        // Seven equally near, three of the group.
        #expect(abs((found["a.b.separation"]?.value ?? 0) - 3.0 / 7) < 1e-15)
    }

    @Test("a group of one or none has no separation, one alone no purity")
    func degenerate() {
        let found = measure([("a", [1]), ("b", [2, 3])], names: ["a", "b", "c"])
        #expect(found["a.b.separation"]?.value == nil && found["a.b.separation"]?.count == 0)
        #expect(found["c.purity"]?.value == nil && found["a.purity"]?.value == 0)
        #expect(found["b.c.separation"]?.value == nil)
        #expect(measure([("a", [1])])["a.purity"]?.value == nil)
    }
}
