internal import Artifacts

/// Numbers of a stage for the closing table of a run.
extension JSONValue {
    static func count(_ count: Int) -> JSONValue { .integer(Int64(count)) }

    static func number(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return .null }
        return .number(value)
    }

    static func counts(_ counts: [String: Int]) -> JSONValue { .object(counts.mapValues(JSONValue.count)) }

    /// What a filter kept and dropped, by reason.
    static func report(_ ledger: [LedgerEntry]) -> JSONValue {
        let report = FilterReport(ledger)
        return .object(["kept": .counts(report.kept), "dropped": .counts(report.dropped)])
    }

    /// Measurements by name, without their notes.
    static func measurements(_ measurements: [Measurement]) -> JSONValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: measurements.map { measurement in
                    (
                        measurement.name,
                        .object([
                            "value": .number(measurement.value), "count": .count(measurement.count),
                            "lower": .number(measurement.lower), "upper": .number(measurement.upper),
                        ])
                    )
                }))
    }

    /// How often each whole score from 0 to 5 occurs, and others of a wider scale that do; fractions count with the
    /// nearest.
    static func histogram(_ scores: some Sequence<Double>) -> JSONValue {
        var counts: [String: Int] = [:]
        for score in ScoreForm.additive.scale { counts[String(score)] = 0 }
        for score in scores { counts[String(Int(score.rounded())), default: 0] += 1 }
        return .counts(counts)
    }
}

/// The mean of some numbers; nil of none.
func mean(_ values: some Sequence<Double>) -> Double? {
    var sum = 0.0
    var count = 0
    for value in values {
        sum += value
        count += 1
    }
    return count == 0 ? nil : sum / Double(count)
}
