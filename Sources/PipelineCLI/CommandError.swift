internal import Foundation
internal import Pipeline

/// What the command line itself can find wrong; every text of the module is here.
enum CommandError: Error, Equatable, CustomStringConvertible {
    case noStageNamed(String, file: String, hint: NameHint)
    /// `command` is what the user asked for, without a file.
    case noFileRecorded(command: String)
    case recordedFileGone(String, command: String)
    case unknownReference(String, hint: NameHint)
    case severalPorts(stage: String, ports: [String])
    case ambiguousReference(String, matches: [String])
    /// Nil where the newest was asked for, and there is none.
    case unknownRun(String?)
    case ambiguousRun(String, matches: [String])
    case runNotEnded(String, isRunning: Bool)
    case noStageInRun(String, run: String, hint: NameHint)
    case noModelInRun(String, run: String, hint: NameHint)
    /// The log of the run tells nothing of the stage.
    case noEvents(of: String, run: String)
    case noSuchOutput(String, known: [String])
    case outputGone(String, run: String)
    /// The key that a stage had in a run is not known to the store.
    case resultGone(stage: String, run: String)
    case unlikeThings(String, String)
    case runsOfSeveralPipelines(String, String)
    /// A report replaces an earlier one, and nothing else.
    case notAReport(String)
    case noRow(String, name: String)
    case severalRows(String, name: String, matches: [String])
    /// `what` it is that has no such name, among those that are known.
    case unknownName(String, what: String, known: [String])
    case ambiguousName(String, what: String, matches: [String])
    case noField(String, name: String, hint: NameHint)
    case notRows(String)
    /// A number that is the beginning of an id too.
    case numberOrID(String, name: String, id: String)
    case lockFileUnwritable(String, reason: String)
    case rowsOutside(first: Int, last: Int, rows: Int, name: String)
    case wrongSchema(name: String, holds: String, wants: String, format: String)
    case folderNotEmpty(String)
    case noLockFile(String)
    case noFile(String)
    case fileExists(String)
    case archive(String, reason: String)
    case damagedArchive(String, file: String, reason: String)
    case forgedRecord(stage: String, key: String)
    /// Nil where none of its stages is known.
    case unfinishedRun(String, stage: String?)
    case replacedResult(String, stage: String)
    case collectedResult(String, stage: String)
    case truncatedArchive(String, bytes: Int)
    case storeIsFile(String)
    case programUnreadable(path: String, reason: String)
    /// Whoever read stdout has gone.
    case outputClosed
    case outputFailed(reason: String)

    var status: ExitStatus {
        switch self {
        case .storeIsFile: .store
        case .forgedRecord, .damagedArchive, .truncatedArchive: .integrity
        case .outputClosed, .outputFailed, .programUnreadable, .lockFileUnwritable: .stageFailed
        default: .usage
        }
    }

    var description: String {
        switch self {
        case .noStageNamed(let name, let file, .didYouMean(let near)):
            "no stage '\(name)' in '\(file)'; did you mean '\(near)'?"
        case .noStageNamed(let name, let file, .known):
            "no stage '\(name)' in '\(file)'; '\(Self.command("graph", file))' shows all"
        case .noFileRecorded(let command):
            "no run in this store names a pipeline file; say which: '\(command) FILE'"
        case .recordedFileGone(let file, let command):
            "the newest run was of '\(file)', which is not here; say which file is meant: '\(command) FILE'"
        case .unknownReference(let text, _) where text.utf8.count < 4 && text.utf8.allSatisfy(Self.isHexadecimal):
            "no artifact '\(text)'; a digest is named by 4 digits or more, and '\(Self.command("artifacts", "ls"))' shows all"
        case .unknownReference(let text, .known([])):
            "no artifact '\(text)'; the store holds none yet: run a pipeline first"
        case .unknownReference(let text, .known):
            "no artifact '\(text)'; '\(Self.command("artifacts", "ls"))' shows all"
        case .unknownReference(let text, .didYouMean(let near)):
            "no artifact '\(text)'; did you mean '\(near)'? '\(Self.command("artifacts", "ls"))' shows all"
        case .severalPorts(let stage, let ports):
            "stage '\(stage)' has several outputs; name one: \(Self.list(ports))"
        case .ambiguousReference(let text, let matches):
            "'\(text)' fits several artifacts: \(Self.list(matches)); write more digits"
        case .unknownRun(let run):
            run.map { "no run '\($0)' in this store; '\(Self.command("runs", "ls"))' shows all" }
                ?? "this store remembers no run"
        case .ambiguousRun(let text, let matches):
            "'\(text)' fits several runs: \(Self.list(matches)); write more of it"
        case .noEvents(let stage, let run):
            "nothing happened to a stage '\(stage)' in run '\(run)'; '\(Self.command("runs", "show", run))' shows its stages"
        case .unknownName(let name, let what, []): "no \(what) '\(name)'; this store has none"
        case .unknownName(let name, let what, let known): "no \(what) '\(name)'; there are \(Self.list(known))"
        case .ambiguousName(let name, let what, let matches):
            "'\(name)' fits several: \(Self.list(matches)); write more of the \(what)"
        case .runNotEnded(let run, isRunning: true):
            "run '\(run)' is under way and has no summary yet; wait for its end, or name another one"
        case .runNotEnded(let run, isRunning: false):
            "run '\(run)' was killed and left no summary; name another one"
        case .noStageInRun(let name, let run, .didYouMean(let near)):
            "no stage '\(name)' in run '\(run)'; did you mean '\(near)'?"
        case .noStageInRun(let name, let run, .known(let names)):
            "no stage '\(name)' in run '\(run)'; it has \(Self.list(names))"
        case .noModelInRun(let name, let run, .didYouMean(let near)):
            "run '\(run)' trained no model '\(name)'; did you mean '\(near)'?"
        case .noModelInRun(let name, let run, .known(let names)):
            "run '\(run)' trained no model '\(name)'; it trained \(names.isEmpty ? "none" : Self.list(names))"
        case .noSuchOutput(let text, let known):
            "no output '\(text)'; there are \(Self.list(known))"
        case .outputGone(let text, let run):
            "the store no longer holds '\(text)', which run '\(run)' had; re-run that pipeline to rebuild it"
        case .resultGone(let stage, let run):
            "the store no longer knows what run '\(run)' used for stage '\(stage)'; name a later run"
        case .unlikeThings(let first, let second):
            "'\(first)' and '\(second)' cannot be compared: one is a run, the other an artifact; name two of a kind"
        case .runsOfSeveralPipelines(let first, let second):
            "the runs are of pipelines '\(first)' and '\(second)'; a report over several runs is about one pipeline with "
                + "several seeds, and '\(Self.command("compare"))' sets others side by side"
        case .notAReport(let path):
            "'\(path)' exists and is no report of this program; name another file with --out"
        case .noRow(let id, let name):
            "no row '\(id)' in '\(name)'; '\(Self.command("artifacts", "show", name))' shows its rows"
        case .severalRows(let id, let name, let matches):
            "'\(id)' fits several rows of '\(name)': \(Self.list(matches)); write more of it"
        case .noField(let field, let name, .didYouMean(let near)):
            "no row of '\(name)' has a field '\(field)'; did you mean '\(near)'?"
        case .noField(let field, let name, .known(let names)):
            "no row of '\(name)' has a field '\(field)'; there are \(Self.list(names)); a text is written in quotes"
        case .numberOrID(let text, let name, let id):
            "'\(text)' is the number of a row of '\(name)', and how the id '\(id)' begins; write '#\(text)', or more "
                + "of the id"
        case .lockFileUnwritable(let path, let reason):
            "cannot write the lockfile '\(path)': \(reason); it lies beside the pipeline file: check who owns that folder"
        case .notRows(let name):
            "'\(name)' is raw bytes and has no rows; '\(Self.command("artifacts", "cat", name))' writes them out"
        case .rowsOutside(let first, let last, let rows, let name):
            "rows \(first)..\(last) asked of '\(name)', which holds \(rows); rows count from 1"
        case .wrongSchema(let name, let holds, let wants, let format):
            "'\(name)' holds '\(holds)', and \(format) needs '\(wants)'; "
                + "'\(Self.command("artifacts", "ls"))' shows what each holds"
        case .noLockFile(let path):
            "there is no lockfile '\(path)'; '\(Self.command("lock"))' writes one once every stage has its result"
        case .noFile(let path):
            "there is no file '\(path)'"
        case .fileExists(let path):
            "'\(path)' exists; name another file"
        case .archive(let path, let reason):
            "archive '\(path)': \(reason)"
        case .damagedArchive(let path, let file, let reason):
            "archive '\(path)' is damaged in '\(file)': \(reason); nothing was taken in"
        case .forgedRecord(let stage, let key):
            "the record of stage '\(stage)' is not one that the key '\(key)' can have; nothing was taken in"
        case .unfinishedRun(let run, let stage):
            "run '\(run)' has no result \(stage.map { "of stage '\($0)'" } ?? "at all"); only a run whose every stage is recorded can be exported"
        case .replacedResult(let run, let stage):
            "the store now holds another result of stage '\(stage)' than run '\(run)' made; run the pipeline again and "
                + "export that run"
        case .collectedResult(let run, let stage):
            "the store no longer holds the result of stage '\(stage)' that run '\(run)' had: it was collected; run the pipeline "
                + "again and export that run"
        case .truncatedArchive(let path, let bytes):
            "archive '\(path)' is cut short: it ends after \(bytes) bytes, without the mark of its end; copy it again and "
                + "compare the checksums of both copies (sha256sum); nothing was taken in"
        case .folderNotEmpty(let path):
            "'\(path)' exists and is not an empty folder; name another one"
        case .storeIsFile(let path):
            "the store '\(path)' is a file; name a folder with --store"
        case .programUnreadable(let path, let reason):
            "cannot read this program ('\(path)') for --strict-code: \(reason)"
        case .outputClosed:
            "cannot write to stdout: nobody reads it any more"
        case .outputFailed(let reason):
            "cannot write to stdout: \(reason)"
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func command(_ words: String...) -> String { Invocation.current.command(words) }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 6 ? shown + ", …" : shown
    }
}
