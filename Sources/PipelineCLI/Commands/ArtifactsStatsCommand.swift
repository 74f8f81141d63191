internal import ArgumentParser
internal import Artifacts

/// `pipeline artifacts stats`.
struct ArtifactsStatsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats", abstract: "Say what the rows of an artifact have in each field.",
        discussion: """
            Numbers are described by their values, texts by their lengths in characters. A field within a list has as \
            many values as the list has elements. Distinct values are told apart up to \
            \(FieldStatistics.distinctLimit).
            """)

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String
    @OptionGroup var filter: WhereOption
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let condition = try filter.condition()
        let store = try storeOptions.open()
        let listing = try ArtifactLookup(store: store).one(reference)
        var statistics = RowStatistics()
        let rows = try ChosenRows(of: listing, in: store, where: condition)
        try rows.forEach { _, row in statistics.add(row) }
        try rows.reportCondition()
        if output.json {
            try Console.print(json: StatisticsText.json(statistics, of: listing, where: filter.text))
        } else {
            for line in StatisticsText.lines(statistics, of: listing, where: filter.text) { try Console.print(line) }
        }
    }
}

/// Statistics of rows as text and JSON.
enum StatisticsText {
    /// How many of the commonest values are named.
    private static let frequentShown = 3
    private static let widestValue = 24

    static func lines(
        _ statistics: RowStatistics, of listing: ArtifactListing, where condition: String?
    ) -> [String] {
        let total = Quantities.count(listing.reference.rows, "row")
        let head =
            "\(listing.name), \(listing.reference.schema): "
            + (condition.map { "\(statistics.rows) of \(total) where \(DisplayText.harmless($0))" } ?? total)
        var table = TextTable([.left, .right, .right, .right, .left, .right, .right, .right, .right, .right, .left])
        table.add([
            "FIELD", "VALUES", "MISSING", "NULL", "OF", "MIN", "MEAN", "MEDIAN", "MAX", "DISTINCT", "MOST FREQUENT",
        ])
        for field in statistics.fields {
            let spreads = spreads(of: field)
            for (number, spread) in (spreads.isEmpty ? [nil] : spreads).enumerated() {
                let isFirst = number == 0
                table.add(
                    (isFirst ? counts(field) : ["", "", "", ""])
                        + [spread?.what ?? (field.values > 0 ? "flags" : "–")]
                        + (spread.map { figures($0.spread) } ?? ["", "", "", ""])
                        + (isFirst ? [distinct(field), frequent(field)] : ["", ""]))
            }
        }
        return [head, ""] + table.lines()
    }

    private static func counts(_ field: FieldStatistics) -> [String] {
        [DisplayText.harmless(field.path)] + [field.values, field.missing, field.nulls].map { "\($0)" }
    }

    private static func spreads(of field: FieldStatistics) -> [(what: String, spread: Spread)?] {
        [("numbers", field.numbers), ("lengths", field.lengths)].compactMap { what, spread in
            spread.map { (what, $0) }
        }
    }

    private static func figures(_ spread: Spread) -> [String] {
        [spread.minimum, spread.mean, spread.median, spread.maximum].map { Quantities.significant($0) }
    }

    private static func distinct(_ field: FieldStatistics) -> String {
        field.hasMoreDistinct ? "\(field.distinct)+" : "\(field.distinct)"
    }

    private static func frequent(_ field: FieldStatistics) -> String {
        field.frequent(frequentShown).map { value, count in
            let text =
                value.stringValue ?? value.doubleValue.map { Quantities.significant($0, digits: 6) }
                ?? (try? CanonicalJSON.text(value)) ?? value.typeName
            let line = DisplayText.harmless(text).replacing("\n", with: " ").replacing("\t", with: " ")
            return "\(DisplayText.clip(line, to: widestValue)) ×\(count)"
        }.joined(separator: ", ")
    }

    static func json(
        _ statistics: RowStatistics, of listing: ArtifactListing, where condition: String?
    ) -> JSONValue {
        [
            "schema": "pipeline.stats/1", "name": .string(listing.name),
            "digest": .string(listing.reference.digest.hex), "record": .string(listing.reference.schema),
            "where": condition.map { .string($0) } ?? .null, "rows": .integer(Int64(listing.reference.rows)),
            "counted": .integer(Int64(statistics.rows)), "fields": .array(statistics.fields.map(json)),
        ]
    }

    private static func json(_ field: FieldStatistics) -> JSONValue {
        func whole(_ number: Int) -> JSONValue { .integer(Int64(number)) }
        return [
            "path": .string(field.path), "values": whole(field.values), "missing": whole(field.missing),
            "null": whole(field.nulls), "true": whole(field.trues), "false": whole(field.falses),
            "numbers": json(field.numbers), "lengths": json(field.lengths), "distinct": whole(field.distinct),
            "more_distinct": .bool(field.hasMoreDistinct),
            "frequent": .array(
                field.frequent(frequentShown).map { ["value": $0.value, "count": whole($0.count)] }),
        ]
    }

    private static func json(_ spread: Spread?) -> JSONValue {
        guard let spread else { return .null }
        return [
            "count": .integer(Int64(spread.count)), "min": .number(spread.minimum), "mean": .number(spread.mean),
            "median": .number(spread.median), "max": .number(spread.maximum),
        ]
    }
}
