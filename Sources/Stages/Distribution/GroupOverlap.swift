package import Model

/// Whether groups of texts lie apart or mixed, by who is nearest to whom where the texts really are, and not on the map.
package struct GroupOverlap {
    /// How many of a text's nearest are asked for their group.
    package static let neighbours = 10

    private let groups: [String]
    private let distances: RowMatrix
    private let bootstrap: Bootstrap
    private let generator: (_ measurement: String, _ purpose: String) -> Philox

    /// - Parameters:
    ///   - groups: that of each point.
    ///   - distances: between points, in any measure: only their order counts.
    ///   - generator: the random numbers of a measurement, for a purpose.
    package init(
        groups: [String], distances: RowMatrix, bootstrap: Bootstrap,
        generator: @escaping (_ measurement: String, _ purpose: String) -> Philox
    ) {
        precondition(groups.count == distances.rows, "GroupOverlap: \(groups.count) groups, \(distances.rows) points")
        self.groups = groups
        self.distances = distances
        self.bootstrap = bootstrap
        self.generator = generator
    }

    /// - Parameter names: of the groups, in order; also of those without a point.
    package func measurements(of names: [String]) -> [Measurement] {
        names.map(purity)
            + names.indices.flatMap { first in names[(first + 1)...].map { separation(names[first], $0) } }
    }

    private func members(_ group: String) -> [Int] { groups.indices.filter { groups[$0] == group } }

    private func purity(_ group: String) -> Measurement {
        let members = members(group), everyone = Array(groups.indices)
        let count = min(Self.neighbours, everyone.count - 1)
        let chance = Double(max(members.count - 1, 0)) / Double(max(everyone.count - 1, 1))
        return measure(
            "\(group).purity", members.map { share($0, among: everyone, nearest: count) },
            "share of a text's \(Self.neighbours) nearest that are of its group; \(Self.text(chance)) by chance")
    }

    /// The two-sample test of nearest neighbours (Schilling, 1986), with one neighbour and as many texts of either group:
    /// samples of one distribution come to a half.
    private func separation(_ first: String, _ second: String) -> Measurement {
        let name = "\(first).\(second).separation"
        let size = min(members(first).count, members(second).count)
        let drawn = [first, second].map { group in
            var generator = generator(name, group)
            return Array(generator.shuffled(members(group)).prefix(size))
        }
        let both = (drawn[0] + drawn[1]).sorted()
        // One text of a group has no other that it could be nearest to.
        let samples = size < 2 ? [] : both.map { share($0, among: both, nearest: 1) }
        return measure(
            name, samples,
            "share of texts whose nearest is of their own group, \(size) of either: 0.5 where they are mixed, 1 apart"
        )
    }

    /// Which share of the `count` points of `among` nearest to `point` are of its group. Of those that are equally far, all
    /// count in part.
    private func share(_ point: Int, among: [Int], nearest count: Int) -> RatioSample {
        let others = among.filter { $0 != point }
        guard count > 0, others.count >= count else { return RatioSample(0, of: 0) }
        let limit = others.map { distances[point, $0] }.sorted()[count - 1]
        let nearer = others.filter { distances[point, $0] < limit },
            level = others.filter { distances[point, $0] == limit }
        func own(_ points: [Int]) -> Double { Double(points.count { groups[$0] == groups[point] }) }
        let rest = Double(count - nearer.count) / Double(level.count)
        return RatioSample(own(nearer) + rest * own(level), of: Double(count))
    }

    private func measure(_ name: String, _ samples: [RatioSample], _ note: String) -> Measurement {
        var generator = generator(name, "bootstrap")
        return Measurement(
            name: name, value: RatioSample.ratio(samples), count: samples.count,
            interval: bootstrap.interval(samples, generator: &generator), note: note)
    }

    /// Two digits behind the point.
    private static func text(_ share: Double) -> String {
        let hundredths = Int((share * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
    }
}
