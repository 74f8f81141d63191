extension RunStory {
    /// Who is compared with whom: `m2 against m1`; with the stage where other stages compare the same two.
    func contest(_ row: StoryMeasurement) -> String {
        let name = sides(row)
        let isShared = measurements.contains {
            SummaryRow.contestKinds.contains($0.kind) && $0.stage != row.stage && sides($0) == name
        }
        return isShared ? "\(name) (\(row.stage))" : name
    }

    private func sides(_ row: StoryMeasurement) -> String {
        guard let model = label(row.model) else { return row.stage }
        guard let other = label(row.opponent) ?? baseline(of: row.stage) else { return "\(model) (\(row.stage))" }
        return "\(model) against \(other)"
    }

    /// The stage that brought the baseline's responses, for those that no model of the run wrote.
    private func baseline(of stage: String) -> String? {
        let inputs = stages.first { $0.name == stage }?.inputs ?? []
        return inputs.first { $0.port == "baseline" }?.writers.first.map(String.init)
    }
}
