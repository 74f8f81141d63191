internal import Foundation

/// How this program was called, so that hints can be typed as they stand.
struct Invocation: Sendable {
    /// The program as the user wrote it: it need not be on the PATH.
    let program: String
    let arguments: [String]

    static let current = Invocation(CommandLine.arguments)

    /// - Parameter words: the program, and behind it what it was given.
    init(_ words: [String]) {
        program = words.first ?? "pipeline"
        arguments = Array(words.dropFirst())
    }

    /// A command of this program: `command("why", "m2.pairs")`.
    func command(_ words: String...) -> String { command(words) }

    func command(_ words: [String]) -> String { Self.line([program] + words) }

    /// The same command once more.
    /// - Parameter option: left out with its value, wherever it stands.
    func again(without option: String) -> String {
        var kept: [String] = []
        var isValue = false
        for argument in arguments {
            if !isValue, argument != option, !argument.hasPrefix(option + "=") { kept.append(argument) }
            isValue = !isValue && argument == option
        }
        return Self.line([program] + kept)
    }

    private static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// `word` as a POSIX shell reads it back.
    static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./=,:@%+".utf8.contains(byte)
            }
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
    }
}
