internal import Artifacts
internal import Foundation

/// What `doctor` found, and what of it stands in the way of a run.
struct Diagnosis {
    /// One thing looked at.
    struct Finding {
        enum Weight: String { case fine = "ok", warning, problem }
        var topic: String
        /// For scripts: stable, in snake case.
        var name: String
        var value: JSONValue
        var text: String
        var weight = Weight.fine
        /// What to do about it.
        var remedy: String?
    }

    private(set) var findings: [Finding] = []
    private(set) var status = ExitStatus.success

    mutating func add(
        _ topic: String, _ name: String, _ value: JSONValue, _ text: String, weight: Finding.Weight = .fine,
        remedy: String? = nil
    ) {
        findings.append(
            Finding(topic: topic, name: name, value: value, text: text, weight: weight, remedy: remedy))
    }

    /// Notes that a run would end with `status`; the first such finding counts.
    mutating func fail(with status: ExitStatus) {
        if self.status == .success { self.status = status }
    }

    var json: JSONValue {
        var topics: [String: [String: JSONValue]] = [:]
        for finding in findings { topics[finding.topic, default: [:]][finding.name] = finding.value }
        let remarks = findings.filter { $0.weight != .fine }.map { finding -> JSONValue in
            [
                "about": .string("\(finding.topic).\(finding.name)"), "weight": .string(finding.weight.rawValue),
                "text": .string(finding.text), "remedy": finding.remedy.map { .string($0) } ?? .null,
            ]
        }
        var members: [String: JSONValue] = topics.mapValues { .object($0) }
        members["schema"] = "pipeline.doctor/1"
        members["remarks"] = .array(remarks)
        members["ok"] = .bool(status == .success)
        return .object(members)
    }

    var lines: [String] {
        var table = TextTable([.left, .left, .left])
        var last = ""
        for finding in findings {
            let mark = finding.weight == .fine ? "" : "\(finding.weight.rawValue): "
            table.add([
                finding.topic == last ? "" : finding.topic,
                finding.name.replacingOccurrences(of: "_", with: " "),
                mark + finding.text + (finding.remedy.map { "; \($0)" } ?? ""),
            ])
            last = finding.topic
        }
        return table.lines()
    }
}
