internal import ArgumentParser
internal import Artifacts

/// Which rows a command is about.
struct WhereOption: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help: ArgumentHelp(
            "Only rows for which this holds: 'score >= 4 and not (text ~ \"sorry\")'.", valueName: "condition"))
    var text: String?

    /// Nil where all rows are meant.
    /// - Throws: `ArtifactError.malformedCondition`, with the place.
    func condition() throws -> RowCondition? { try text.map { try RowCondition($0) } }
}
