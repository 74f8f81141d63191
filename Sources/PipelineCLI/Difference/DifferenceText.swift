internal import Artifacts
internal import Pipeline

/// A difference report for reading.
struct DifferenceText {
    let report: DifferenceReport

    /// How many ids of each sort are named.
    private static let shown = 3
    private static let namesShown = 6
    private static let widestValue = 40

    var lines: [String] {
        var parts: [[String]] = []
        if report.sections.contains(.stages) { parts += [stageLines, [countLine]] }
        if report.sections.contains(.parameters) { parts.append(parameterLines) }
        if report.sections.contains(.rows) { parts.append(rowLines) }
        if report.sections.contains(.metrics) { parts.append(metricLines) }
        parts.append(report.losses.map(Self.line))
        return Array(parts.filter { !$0.isEmpty }.joined(separator: [""])).map(DisplayText.harmless)
    }

    private static func line(_ loss: DifferenceReport.Loss) -> String {
        let names = loss.stages.prefix(namesShown).map { "'\($0)'" }.joined(separator: ", ")
        let rest = loss.stages.count - namesShown
        return "cannot be compared: the store no longer has what run \(loss.run) had of \(names)"
            + (rest > 0 ? " and \(Quantities.count(rest, "more stage"))" : "")
            + "; re-run that pipeline to rebuild it"
    }

    /// What a section says in which nothing differs; where not all could be compared, that is said instead.
    private func nothing(_ text: String) -> [String] { report.losses.isEmpty ? [text] : [] }

    // MARK: Stages

    private var stageLines: [String] {
        report.comparison.stages.filter(\.isDifferent).flatMap { stage -> [String] in
            ["\(stage.name) (\(stage.kind)) \(head(stage))"] + stage.reasons.map { "  \($0)" }
                + stage.outputs.compactMap(line).map { "  \($0)" }
        }
    }

    private func head(_ stage: StageComparison) -> String {
        switch stage.change {
        case .none: "has other outputs for the same key"
        case .reasons: "differs"
        case .kind(let old, let new): "differs: its kind changed from \(old) to \(new)"
        case .onlyInFirst: "is only in \(report.comparison.first)"
        case .onlyInSecond: "is only in \(report.comparison.second)"
        case .notReached: "was reached by one run alone"
        case .unexplained: "differs; why is not known: the store no longer has its result in \(unrecorded(stage))"
        }
    }

    private func unrecorded(_ stage: StageComparison) -> String {
        stage.unrecorded.map { "run \($0)" }.joined(separator: " and ")
    }

    private func line(_ output: OutputComparison) -> String? {
        switch (output.oldDigest, output.newDigest) {
        case (let old?, let new?) where old == new: return "output '\(output.port)' is the same, \(old.short)"
        case (let old?, let new?):
            let rows = output.old.flatMap { old in output.new.map { (old.reference, $0.reference) } }.map {
                old, new in
                old.isBlob || old.rows == new.rows ? "" : " (\(old.rows) → \(new.rows) rows)"
            }
            return "output '\(output.port)' changed from \(old.short) to \(new.short)\(rows ?? "")"
        default: return nil
        }
    }

    /// `28 stages: 20 the same, 8 different`.
    private var countLine: String {
        let stages = report.comparison.stages
        let different = stages.count(where: \.isDifferent)
        if report.comparison.subject == .artifacts, !report.comparison.areDifferent {
            return "\(report.comparison.first) and \(report.comparison.second) are the same"
        }
        return
            "\(Quantities.count(stages.count, "stage")): \(stages.count - different) the same, \(different) different"
    }

    // MARK: Parameters

    private var parameterLines: [String] {
        guard !report.parameters.isEmpty else { return nothing("no parameters differ") }
        var table = TextTable([.left, .left, .left, .left])
        table.add(["STAGE", "PARAMETER", "FIRST", "SECOND"])
        for change in report.parameters {
            table.add([change.stage, change.path, Self.parameter(change.old), Self.parameter(change.new)])
        }
        return table.lines()
    }

    private static func text(_ value: JSONValue?) -> String {
        let text = value.map { (try? CanonicalJSON.text($0)) ?? $0.typeName } ?? "unset"
        return DisplayText.clip(DisplayText.harmless(text).replacing("\n", with: " "), to: widestValue)
    }

    private static func parameter(_ value: JSONValue?) -> String {
        let text = value.map(MissReason.parameter) ?? "unset"
        return DisplayText.clip(DisplayText.harmless(text).replacing("\n", with: " "), to: widestValue)
    }

    // MARK: Rows

    private var rowLines: [String] {
        guard !report.rows.isEmpty else { return nothing("no rows differ") }
        return report.rows.flatMap { name, difference -> [String] in
            let counts =
                "\(difference.added.count) added, \(difference.removed.count) removed, "
                + "\(difference.changed.count) changed, \(difference.same) the same"
            if difference.isEmpty { return ["\(name): \(counts), in another order"] }
            return ["\(name): \(counts)"] + ids(difference.added, mark: "+") + ids(difference.removed, mark: "-")
                + difference.changed.prefix(Self.shown).map { "  ~ \($0.id)  \(Self.text($0.members))" }
                + more(difference.changed.count, mark: "~")
        }
    }

    private func ids(_ ids: [String], mark: String) -> [String] {
        ids.prefix(Self.shown).map { "  \(mark) \($0)" } + more(ids.count, mark: mark)
    }

    private func more(_ count: Int, mark: String) -> [String] {
        count > Self.shown ? ["  \(mark) … and \(count - Self.shown) more; --json names all"] : []
    }

    private static func text(_ members: [JSONChange]) -> String {
        let texts = members.prefix(shown).map {
            "\($0.path.joined(separator: ".")) \(text($0.old)) → \(text($0.new))"
        }
        return texts.joined(separator: ", ") + (members.count > shown ? ", …" : "")
    }

    // MARK: Measurements

    private var metricLines: [String] {
        guard !report.metrics.isEmpty else { return nothing("no measurements differ") }
        var table = TextTable([.left, .right, .right, .right])
        for (number, (name, measurements)) in report.metrics.enumerated() {
            if number > 0 { table.add([""]) }
            table.add([name, "FIRST", "SECOND", "CHANGE"])
            for measurement in measurements {
                let change = measurement.old?.value.flatMap { old in measurement.new?.value.map { $0 - old } }
                table.add([
                    "  \(measurement.name)", Self.text(measurement.old), Self.text(measurement.new),
                    change.map { ($0 > 0 ? "+" : "") + Quantities.significant($0, digits: 3) } ?? "–",
                ])
            }
        }
        return table.lines()
    }

    /// `0.629 [0.536 0.716] of 170`.
    private static func text(_ value: MeasurementDifference.Value?) -> String {
        guard let value else { return "–" }
        var text = value.value.map { Quantities.significant($0, digits: 3) } ?? "–"
        if let lower = value.lower, let upper = value.upper {
            text += " [\(Quantities.significant(lower, digits: 3)) \(Quantities.significant(upper, digits: 3))]"
        }
        return text + (value.count.map { " of \($0)" } ?? "")
    }
}
