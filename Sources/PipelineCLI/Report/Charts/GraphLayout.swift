/// Where the stages of a run stand when they are drawn: a lane for each part of the pipeline, two columns wide at most,
/// and in it what reads from above below it.
struct GraphLayout {
    struct Place: Equatable {
        var lane: Int
        /// From the left, within the lane.
        var column: Int
        var row: Int
    }

    private static let mostColumns = 2

    /// The names of the lanes; the first parts have none.
    let lanes: [String]
    /// How many columns each lane has.
    let columns: [Int]
    /// By the position of the stage.
    let places: [Place]
    /// Who reads from whom, without what follows from the rest: (from, to).
    let arrows: [(from: Int, to: Int)]

    init(_ stages: [StoryStage]) {
        let names = Self.laneNames(stages)
        var lanes: [String] = []
        for name in names where !lanes.contains(name) { lanes.append(name) }
        let lane = names.map { lanes.firstIndex(of: $0) ?? 0 }
        // A stage stands below everything in its lane that it comes from, at whatever distance.
        var places: [Place] = [], taken: [[Int]: Int] = [:]
        for stage in stages.indices {
            let above = stages[stage].parents.filter { $0 < stage && lane[$0] == lane[stage] }
            var row = above.map { places[$0].row + 1 }.max() ?? 0
            // Many that read from one would make the lane wider than a page: the rest of them stand further down.
            while taken[[lane[stage], row], default: 0] == Self.mostColumns { row += 1 }
            let column = taken[[lane[stage], row], default: 0]
            taken[[lane[stage], row]] = column + 1
            places.append(Place(lane: lane[stage], column: column, row: row))
        }
        self.lanes = lanes
        self.places = places
        columns = lanes.indices.map { lane in (places.filter { $0.lane == lane }.map(\.column).max() ?? 0) + 1 }
        arrows = Self.necessaryArrows(stages)
    }

    /// The part of each stage; the stages about a model stand where it is made.
    private static func laneNames(_ stages: [StoryStage]) -> [String] {
        let known = Set(stages.map(\.name))
        return stages.map { stage in
            var name = stage.name
            while let dot = name.lastIndex(of: ".") {
                name = String(name[..<dot])
                if !known.contains(name) { return name }
            }
            return ""
        }
    }

    /// Without the arrows that a longer way implies.
    private static func necessaryArrows(_ stages: [StoryStage]) -> [(from: Int, to: Int)] {
        var ancestors = [Set<Int>](repeating: [], count: stages.count)
        var arrows: [(from: Int, to: Int)] = []
        for stage in stages.indices {
            let parents = stages[stage].parents.filter { $0 < stage }
            for parent in parents where !parents.contains(where: { ancestors[$0].contains(parent) }) {
                arrows.append((parent, stage))
            }
            ancestors[stage] = parents.reduce(into: Set(parents)) { $0.formUnion(ancestors[$1]) }
        }
        return arrows
    }
}
