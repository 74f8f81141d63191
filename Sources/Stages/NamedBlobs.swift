internal import Artifacts
internal import Foundation
internal import Pipeline

extension StageInputs {
    /// The files connected to `port`, each with a name for error messages. A file in the store is named by its digest, so
    /// the port and the place in its list stand for the name the user knows.
    func namedBlobs(_ port: String) throws -> [(url: URL, name: String)] {
        let references = references(port)
        return try zip(references, blobs(port)).enumerated().map { index, file in
            let place = references.count == 1 ? port : "\(port)[\(index)]"
            return (url: file.1, name: "\(place) (\(file.0.digest.short))")
        }
    }
}

extension JudgeTemplate {
    /// The template in the file connected to `port`.
    init(blob port: String, of inputs: StageInputs) throws { try self.init(inputs.text(port), name: port) }
}

extension ComparisonRubric {
    /// The rubric in the file connected to `port`.
    init(blob port: String, of inputs: StageInputs) throws { try self.init(inputs.text(port), name: port) }
}

extension StageInputs {
    /// The text of the template connected to `port`.
    fileprivate func text(_ port: String) throws -> String { try Self.text(blob(port), name: port) }

    /// The templates connected to `port`, each with a name for error messages.
    func texts(_ port: String) throws -> [(text: String, name: String)] {
        try namedBlobs(port).map { (try Self.text($0.url, name: $0.name), $0.name) }
    }

    private static func text(_ file: URL, name: String) throws -> String {
        guard let text = String(validating: try Data(contentsOf: file), as: UTF8.self) else {
            throw StageError.malformedTemplate(name: name, problem: "it is not UTF-8 text")
        }
        return text
    }
}
