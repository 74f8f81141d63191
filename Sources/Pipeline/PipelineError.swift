public import Artifacts
internal import Foundation

/// Everything that can be wrong with a plan, and what the pipeline itself can find wrong while running it.
public enum PipelineError: Error, Equatable, Sendable {
    // Reading a file
    case unreadableFile(String, reason: String, from: SourceLocation?)
    case notUTF8(file: String, line: Int)
    case fileTooLarge(String, bytes: Int, limit: Int)
    case malformedYAML(String, at: SourceLocation)
    case emptyFile(String)
    case tooManyNodes(limit: Int, at: SourceLocation)
    case nestedTooDeeply(limit: Int, at: SourceLocation)

    // The form of a file
    case duplicateKey(String, first: Int, at: SourceLocation)
    /// `scope` says whose key it is: `stage 'pair'`.
    case unknownKey(String, scope: String, hint: NameHint, at: SourceLocation)
    /// What is set beside `params`, looked for in them.
    case noParameter(String, stage: String, at: SourceLocation)
    case missingKey(String, scope: String, at: SourceLocation)
    case wrongType(scope: String, what: String, expected: String, found: String, at: SourceLocation)
    case invalidName(String, what: String, at: SourceLocation)

    // Includes and part parameters
    case includeCycle([String], at: SourceLocation)
    case tooManyIncludes(limit: Int, at: SourceLocation)
    case unknownPartParameter(String, hint: NameHint, at: SourceLocation)
    case missingPartParameter(String, file: String, at: SourceLocation)
    case malformedReference(String, reason: String, at: SourceLocation)
    case notPartOfText(parameter: String, found: String, at: SourceLocation)

    // Names
    case duplicateName(String, what: String, first: SourceLocation, at: SourceLocation)
    case nameOfSourceAndStage(String, first: SourceLocation, at: SourceLocation)
    case unknownKind(String, stage: String, hint: NameHint, at: SourceLocation)
    case unknownStage(String, hint: NameHint, at: SourceLocation)
    case unknownSource(String, hint: NameHint, at: SourceLocation)
    case malformedSetting(String, at: SourceLocation)

    // Connections
    case unknownInput(String, stage: String, port: String, hint: NameHint, at: SourceLocation)
    case unknownPort(String, stage: String, hint: NameHint, at: SourceLocation)
    case missingInput(String, stage: String, schema: String, at: SourceLocation)
    /// `name` as the plan writes it, and the stage whose output it is too.
    case ambiguousInput(String, stage: String, output: String, at: SourceLocation)
    case portNotNamed(stage: String, hint: NameHint, at: SourceLocation)
    case listNotAccepted(port: String, stage: String, at: SourceLocation)
    case emptyList(port: String, stage: String, at: SourceLocation)
    case schemaMismatch(
        port: String, stage: String, wants: String, source: String, holds: String, at: SourceLocation)
    case cycle([String], at: SourceLocation)

    // Parameters and sources
    case invalidParameters(stage: String, reason: String, at: SourceLocation)
    case missingSource(String, path: String, reason: String, at: SourceLocation)
    case sourceDigestMismatch(
        String, path: String, expected: ContentDigest, found: ContentDigest, at: SourceLocation)

    // Running
    case inputNotConnected(port: String)
    case inputNotSingle(port: String, count: Int)
    case outputUndeclared(stage: String, port: String, schema: String)
    case outputNotGiven(stage: String, port: String)
    case outputOfWrongSchema(stage: String, port: String, wants: String, holds: String)
    case outputNotStored(stage: String, port: String, digest: ContentDigest)
    case inputLeftOut(port: String, stage: String, source: String)
    case notLockable(stage: String, reason: String)
    case badLock(path: String, reason: String)
    case notAsLocked(LockMismatch)
    case noSuchStage(String, hint: NameHint)
    case tooFewCores(stage: String, needs: Int, has: Int, at: SourceLocation)
    /// Bytes.
    case tooLittleMemory(stage: String, needs: Int, has: Int, at: SourceLocation)
    case timedOut(stage: String, limit: Duration)
    /// `path` is a file of the store.
    case inputLost(stage: String, path: String, reason: String, wasRebuilt: Bool)
    /// `port` is nil for a blob that rows name; `found` is nil where it is not there at all.
    case rebuiltDiffers(stage: String, port: String?, promised: ContentDigest, found: ContentDigest?)
}

extension PipelineError {
    /// The place in a file that the error is about.
    public var location: SourceLocation? {
        switch self {
        case .unreadableFile(_, _, let at): at
        case .malformedYAML(_, let at), .tooManyNodes(_, let at), .nestedTooDeeply(_, let at),
            .duplicateKey(_, _, let at), .unknownKey(_, _, _, let at), .noParameter(_, _, let at),
            .missingKey(_, _, let at),
            .wrongType(_, _, _, _, let at), .invalidName(_, _, let at), .includeCycle(_, let at),
            .tooManyIncludes(_, let at), .unknownPartParameter(_, _, let at), .missingPartParameter(_, _, let at),
            .malformedReference(_, _, let at), .notPartOfText(_, _, let at), .duplicateName(_, _, _, let at),
            .nameOfSourceAndStage(_, _, let at), .unknownKind(_, _, _, let at), .unknownStage(_, _, let at),
            .unknownSource(_, _, let at), .malformedSetting(_, let at), .unknownInput(_, _, _, _, let at),
            .unknownPort(_, _, _, let at), .missingInput(_, _, _, let at), .portNotNamed(_, _, let at),
            .ambiguousInput(_, _, _, let at),
            .listNotAccepted(_, _, let at), .emptyList(_, _, let at), .schemaMismatch(_, _, _, _, _, let at),
            .cycle(_, let at), .invalidParameters(_, _, let at), .missingSource(_, _, _, let at),
            .sourceDigestMismatch(_, _, _, _, let at), .tooFewCores(_, _, _, let at),
            .tooLittleMemory(_, _, _, let at):
            at
        case .notUTF8, .fileTooLarge, .emptyFile, .inputNotConnected, .inputNotSingle, .outputUndeclared,
            .outputNotGiven, .outputOfWrongSchema, .outputNotStored, .inputLeftOut, .noSuchStage, .notLockable,
            .badLock, .notAsLocked, .timedOut, .inputLost, .rebuiltDiffers:
            nil
        }
    }
}

extension PipelineError: CustomStringConvertible {
    /// The whole message: what, where, the remedy, and below it the line with a marker.
    public var description: String {
        guard let location else { return message }
        return message + "\n" + location.excerpt
    }

    private var message: String {
        switch self {
        case .unreadableFile(let file, let reason, let from):
            "cannot read '\(file)': \(reason)" + (from.map { " (named at \($0))" } ?? "")
        case .notUTF8(let file, let line):
            "\(file):\(line): the line is not valid UTF-8; save the file as UTF-8"
        case .fileTooLarge(let file, let bytes, let limit):
            "'\(file)' has \(bytes) bytes, more than the \(limit) a pipeline file may have; is it the right file?"
        case .malformedYAML(let problem, let at):
            "malformed YAML: \(problem) (\(at))"
        case .emptyFile(let file):
            "'\(file)' is empty; a pipeline file has at least 'stages'"
        case .tooManyNodes(let limit, let at):
            "more than \(limit) values once aliases are followed (\(at)); write less, or fewer aliases"
        case .nestedTooDeeply(let limit, let at):
            "nested more than \(limit) levels deep (\(at))"
        case .duplicateKey(let key, let first, let at):
            "key '\(key)' twice (\(at)), first on line \(first); remove one"
        case .unknownKey(let key, let scope, let hint, let at):
            "\(scope): unknown key '\(key)' (\(at)); \(hint.text)"
        case .noParameter(let key, let stage, let at):
            "stage '\(stage)': '\(key)' is no parameter (\(at)); it stands beside 'params' in the pipeline file, or in an "
                + "overlay (-f) as 'stages: {\(stage): {\(key): …}}'"
        case .missingKey(let key, let scope, let at):
            "\(scope): key '\(key)' is missing (\(at))"
        case .wrongType(let scope, let what, let expected, let found, let at):
            "\(scope): '\(what)' is \(found), not \(expected) (\(at))"
        case .invalidName(let name, let what, let at):
            "'\(name)' cannot name a \(what) (\(at)); use letters, digits, '-' and '_', parts joined by '.'"
        case .includeCycle(let path, let at):
            "files include each other: \(path.joined(separator: " → ")) (\(at))"
        case .tooManyIncludes(let limit, let at):
            "more than \(limit) files included (\(at))"
        case .unknownPartParameter(let name, let hint, let at):
            "unknown part parameter '\(name)' (\(at)); \(hint.text)"
        case .missingPartParameter(let name, let file, let at):
            "part '\(file)' needs '\(name)' (\(at)); give it under 'with'"
        case .malformedReference(let text, let reason, let at):
            "'\(text)': \(reason) (\(at)); write '${name}', or '$${' for the characters themselves"
        case .notPartOfText(let parameter, let found, let at):
            "part parameter '\(parameter)' is \(found) and cannot stand inside a text (\(at)); "
                + "let '${\(parameter)}' be the whole value"
        case .duplicateName(let name, let what, let first, let at):
            "\(what) '\(name)' twice (\(at)), first at \(first); rename one, or include its file with 'as'"
        case .nameOfSourceAndStage(let name, let first, let at):
            "'\(name)' names a source and a stage (\(at)), first at \(first); rename one"
        case .unknownKind(let kind, let stage, let hint, let at):
            "stage '\(stage)': unknown kind '\(kind)' (\(at)); \(hint.text)"
        case .unknownStage(let name, let hint, let at):
            "no stage '\(name)' (\(at)); \(hint.text)"
        case .unknownSource(let name, let hint, let at):
            "no source '\(name)' to replace, and no input that names it (\(at)); \(hint.text)"
        case .malformedSetting(let text, let at):
            "'\(text)' is no setting (\(at)); write 'seed=NUMBER' or 'STAGE.PARAMETER=VALUE'"
        case .unknownInput(let text, let stage, let port, let hint, let at):
            "stage '\(stage)': input '\(port)' names '\(text)', which is no stage and no source (\(at)); \(hint.text)"
        case .unknownPort(let port, let stage, let hint, let at):
            "stage '\(stage)' has no output '\(port)' (\(at)); \(hint.text)"
        case .missingInput(let port, let stage, let schema, let at):
            "stage '\(stage)': input '\(port)' is not connected (\(at)); give a stage or source of '\(schema)'"
        case .ambiguousInput(let name, let stage, let output, let at):
            "'\(name)' is a stage, and also output '\(output)' of stage '\(stage)' (\(at)); rename one of the stages, or name "
                + "the former's output too, as in '\(name).OUTPUT'"
        case .portNotNamed(let stage, let hint, let at):
            "stage '\(stage)' has several outputs (\(at)); write '\(stage).OUTPUT'; \(hint.text)"
        case .listNotAccepted(let port, let stage, let at):
            "stage '\(stage)': input '\(port)' takes one artifact, not a list (\(at))"
        case .emptyList(let port, let stage, let at):
            "stage '\(stage)': input '\(port)' is an empty list (\(at)); leave the input out, or name a stage"
        case .schemaMismatch(let port, let stage, let wants, let source, let holds, let at):
            "stage '\(stage)': input '\(port)' takes '\(wants)', but '\(source)' is '\(holds)' (\(at))"
        case .cycle(let path, let at):
            "stages wait for each other: \(path.joined(separator: " → ")) (\(at))"
        case .invalidParameters(let stage, let reason, let at):
            "stage '\(stage)': \(reason) (\(at))"
        case .missingSource(let name, let path, let reason, let at):
            "source '\(name)': cannot read '\(path)': \(reason) (\(at))"
                + (Self.isFetched(path) ? "; run 'scripts/setup', which fetches the demo model" : "")
        case .sourceDigestMismatch(let name, let path, let expected, let found, let at):
            "source '\(name)': '\(path)' has sha256 '\(found)', not '\(expected)' (\(at)); "
                + "fetch the right file, or correct its sha256"
        case .inputNotConnected(let port):
            "input '\(port)' was read but is not connected; the stage is to declare it required, or to ask first"
        case .inputNotSingle(let port, let count):
            "input '\(port)' has \(count) artifacts where one was read"
        case .outputUndeclared(let stage, let port, let schema):
            "stage '\(stage)' declares no output '\(port)' of '\(schema)'"
        case .outputNotGiven(let stage, let port):
            "stage '\(stage)' ended without its output '\(port)'"
        case .outputOfWrongSchema(let stage, let port, let wants, let holds):
            "stage '\(stage)' gave '\(holds)' for its output '\(port)', which is declared '\(wants)'"
        case .outputNotStored(let stage, let port, let digest):
            "stage '\(stage)' gave '\(digest.short)' for its output '\(port)', which is not in the store"
        case .inputLeftOut(let port, let stage, let source):
            "stage '\(stage)': input '\(port)' comes from '\(source)', which was left out by its stage"
        case .notLockable(let stage, let reason):
            "stage '\(stage)' has no result to lock: \(reason); run the pipeline first"
        case .badLock(let path, let reason):
            "lockfile '\(path)' cannot be used: \(reason); make it anew with 'lock'"
        case .notAsLocked(let mismatch): "not as locked: \(mismatch)"
        case .noSuchStage(let name, let hint):
            "no stage '\(name)' in the plan; \(hint.text)"
        case .tooFewCores(let stage, let needs, let has, let at):
            "stage '\(stage)' needs \(needs) cores ('exec.cpus'), and this run has \(has) (\(at)); "
                + "ask for fewer, give the run more with --threads, or use a larger machine"
        case .tooLittleMemory(let stage, let needs, let has, let at):
            "stage '\(stage)' needs \(Quantity.text(bytes: needs, .up)) of memory ('exec.memory'), and this run has "
                + "\(Quantity.text(bytes: has, .down)) (\(at)); "
                + "ask for less, give the run more with --memory, or use a larger machine"
        case .timedOut(let stage, let limit):
            "stage '\(stage)' took longer than the \(Quantity.text(limit)) of its 'exec.timeout'; what it finished is kept: "
                + "run again to go on from there, or give it more time"
        case .inputLost(let stage, let path, let reason, let wasRebuilt):
            "stage '\(stage)' cannot read '\(path)': \(reason)"
                + (wasRebuilt
                    ? ", although it was made again in this run; check the disk"
                    : ", and no stage of this plan makes it; run the pipeline that made it, or restore the file")
        case .rebuiltDiffers(let stage, let port, let promised, let found):
            "stage '\(stage)' was run again to replace a damaged result, and "
                + (port.map { "its output '\($0)' is now" } ?? "instead of a blob it gave")
                + " \(found.map { "'\($0.short)'" } ?? "nothing"), not '\(promised.short)': it is not reproducible; "
                + "run again to go on from what it gives now"
        }
    }

    /// Whether `scripts/setup` of a clone of this repository, which comes without the file, says that it fetches it.
    private static func isFetched(_ path: String) -> Bool {
        let file = URL(filePath: path), folder = file.deletingLastPathComponent()
        let setup = folder.deletingLastPathComponent().appending(path: "scripts/setup")
        let name = "\(folder.lastPathComponent)/\(file.lastPathComponent)"
        let words = (try? String(contentsOf: setup, encoding: .utf8))?.split {
            $0.isWhitespace || "\"'=;".contains($0)
        }
        return words?.contains { $0 == name || $0.hasSuffix("/" + name) } ?? false
    }
}
