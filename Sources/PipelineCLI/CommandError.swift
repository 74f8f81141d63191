internal import Foundation

/// What the command line itself can find wrong; every text of the module is here.
enum CommandError: Error, Equatable, CustomStringConvertible {
    case noStageNamed(String, file: String, hint: String?)
    case noFileRecorded(command: String)
    case recordedFileGone(String, command: String)
    case unknownReference(String, known: [String])
    case severalPorts(stage: String, ports: [String])
    case ambiguousReference(String, matches: [String])
    case notRows(String)
    case malformedRange(String)
    case rowsOutside(first: Int, last: Int, rows: Int, name: String)
    case wrongSchema(name: String, holds: String, wants: String, format: String)
    case folderNotEmpty(String)
    case optionOutOfRange(option: String, value: String, allowed: String)
    case missingResult(stage: String)

    var status: ExitStatus {
        switch self {
        case .missingResult: .integrity
        default: .usage
        }
    }

    var description: String {
        switch self {
        case .noStageNamed(let name, let file, let hint):
            "no stage '\(name)' in '\(file)'" + (hint.map { "; \($0)" } ?? "; see 'pipeline graph \(file)'")
        case .noFileRecorded(let command):
            "no run in this store names a pipeline file; say which: 'pipeline \(command) FILE'"
        case .recordedFileGone(let file, let command):
            "the newest run was of '\(file)', which is not here; say which file is meant: 'pipeline \(command) FILE'"
        case .unknownReference(let text, let known) where known.isEmpty:
            "no artifact '\(text)'; the store holds none yet: run a pipeline first"
        case .unknownReference(let text, let known):
            "no artifact '\(text)'; did you mean \(Self.list(known))? 'pipeline artifacts ls' shows all"
        case .severalPorts(let stage, let ports):
            "stage '\(stage)' has several outputs; name one: \(Self.list(ports))"
        case .ambiguousReference(let text, let matches):
            "'\(text)' fits several artifacts: \(Self.list(matches)); write more digits"
        case .notRows(let name):
            "'\(name)' is raw bytes and has no rows; 'pipeline artifacts cat' writes them out"
        case .malformedRange(let text):
            "'\(text)' is no range of rows; write FIRST..LAST, counted from 1, as in '1..5'"
        case .rowsOutside(let first, let last, let rows, let name):
            "rows \(first)..\(last) asked of '\(name)', which holds \(rows); rows count from 1"
        case .wrongSchema(let name, let holds, let wants, let format):
            "'\(name)' holds '\(holds)', and \(format) needs '\(wants)'; 'pipeline artifacts ls' shows what each holds"
        case .folderNotEmpty(let path):
            "'\(path)' exists and is not an empty folder; name another one"
        case .optionOutOfRange(let option, let value, let allowed):
            "\(option) is \(value); it must be \(allowed)"
        case .missingResult(let stage):
            "the result of stage '\(stage)' is not in the store; run its pipeline again"
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 6 ? shown + ", …" : shown
    }
}
