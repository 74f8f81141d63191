internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Model
internal import Pipeline
internal import Stages

/// An error as the shell sees it: an exit status and a text for people.
struct Failure: Error {
    var status: ExitStatus
    /// What went wrong, where, and the remedy; nil for a status that is an answer, not an error.
    var message: String?
    /// The user has read the message already.
    var isSaid = false

    init(_ status: ExitStatus, _ message: String? = nil) {
        self.status = status
        self.message = message
    }

    init(said status: ExitStatus, _ message: String) {
        self.init(status, message)
        isSaid = true
    }

    /// Sorts any error that a command can throw.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as CommandError: self.init(error.status, error.description)
        case let error as SeedChoiceError: self.init(.usage, error.description)
        case let error as PipelineError: self.init(Self.status(of: error), error.description)
        case let error as ArtifactError: self.init(Self.status(of: error), error.description)
        case let error as ModelError: self.init(.stageFailed, error.description)
        case let error as StageError: self.init(.stageFailed, error.description)
        case is CancellationError: self.init(.interrupted, "interrupted; the next run carries on from here")
        case let error as CocoaError: self.init(.stageFailed, Self.text(of: error))
        default: self.init(.bug, "unexpected error: \(error); this is a bug in the program, please report it")
        }
    }

    /// Foundation's own text leaves out which file it is about.
    private static func text(of error: CocoaError) -> String {
        let reason = reason(of: error)
        return error.filePath.map { "cannot use '\($0)': \(reason)" } ?? reason
    }

    /// What the system said.
    static func reason(of error: CocoaError) -> String {
        (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)).lowercased() }
            ?? error.localizedDescription
    }

    private static func status(of error: PipelineError) -> ExitStatus {
        switch error {
        case .inputNotConnected, .inputNotSingle, .outputUndeclared, .outputNotGiven, .outputOfWrongSchema,
            .outputNotStored, .inputLeftOut:
            .stageFailed
        default: .usage
        }
    }

    private static func status(of error: ArtifactError) -> ExitStatus {
        switch error {
        case .storeMissing, .foreignIndex, .newerIndex, .newerRecord, .storeBusy, .index, .damagedIndex,
            .damagedIndexInUse:
            .store
        // Failures of stages come in the report of the run: what is thrown is about the store itself.
        case .system(_, _, EACCES), .system(_, _, EPERM), .system(_, _, EROFS), .system(_, _, ENOTDIR): .store
        case .badRow, .damagedFile, .digestMismatch, .missingObject, .wrongSize, .schemaMismatch: .integrity
        case .sourceDigestMismatch, .invalidName, .rowRangeOutside, .malformedCondition: .usage
        default: .stageFailed
        }
    }
}

extension Failure {
    /// The line that ends stderr under `--json`.
    func jsonLine() -> String {
        let fields: JSONValue = [
            "schema": "pipeline.error/1", "code": .integer(Int64(status.rawValue)),
            "message": .string(message ?? "out of date"),
        ]
        return (try? CanonicalJSON.text(fields)) ?? #"{"schema":"pipeline.error/1"}"#
    }
}
