internal import Artifacts
package import Foundation

/// A comparison as AlpacaEval's annotators leave it: of a model's output with a baseline's.
package struct Annotation: Equatable, Sendable {
    package struct Output: Equatable, Sendable {
        package let generator: String
        package let text: String
    }

    package let instruction: String
    /// Where the instruction is from, such as `koala`.
    package let dataset: String?
    package let baseline: Output
    package let model: Output
    /// How far it goes to the model: 1 wins, 0 loses, 0.5 is a draw. Nil where the annotator's reply could not be read.
    package let share: Double?
}

/// Reads annotation files: a JSON list, or JSON lines, plain or compressed, of `{instruction, output_1, generator_1,
/// output_2, generator_2, preference, …}`. Output 1 is the baseline's.
package enum AnnotationFile {
    /// - Parameter name: what errors call the file.
    /// - Throws: `StageError` with the file and the row.
    package static func read(_ file: URL, name: String) throws -> [Annotation] {
        try JSONRows.read(file, name: name).map { row in
            Annotation(
                instruction: try row.string("instruction"), dataset: try row.optionalString("dataset"),
                baseline: .init(generator: try row.string("generator_1"), text: try row.string("output_1")),
                model: .init(generator: try row.string("generator_2"), text: try row.string("output_2")),
                share: try share(row))
        }
    }

    /// A preference is 1 for the baseline, 2 for the model, or between; 0 is an old way to write a draw.
    private static func share(_ row: RowReader) throws -> Double? {
        guard let value = row.value["preference"], value != .null else { return nil }
        guard let preference = value.doubleValue else {
            throw row.failure("'preference' must be a number, not \(value.typeName)")
        }
        if preference == 0 { return 0.5 }
        guard (1...2).contains(preference) else {
            throw row.failure(
                "'preference' is \(preference); it must be from 1, the baseline's, to 2, the model's, or 0 for a draw"
            )
        }
        return preference - 1
    }
}
