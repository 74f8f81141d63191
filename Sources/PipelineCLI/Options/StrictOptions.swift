internal import ArgumentParser
internal import Artifacts
internal import Foundation
internal import Pipeline

/// What results are to be kept apart by beyond what their keys always hold. `run`, `plan`, `status` and `why` agree only
/// where they are asked alike.
struct StrictOptions: ParsableArguments {
    @Flag(
        help: """
            Keep results of float work apart by processor: those made on another one are not reused.
            """)
    var strictNumerics = false
    @Flag(help: "Keep all results apart by the program's own digest: those of another build are not reused.")
    var strictCode = false

    /// - Throws: `CommandError.programUnreadable`.
    func strictness() throws -> KeyStrictness {
        KeyStrictness(
            machine: strictNumerics ? Self.machine : nil, code: strictCode ? try Self.programDigest() : nil)
    }

    /// These, and what `recorded`, an earlier run, was asked for.
    func adding(_ recorded: RunCommandRecord) -> StrictOptions {
        var options = self
        options.strictNumerics = strictNumerics || recorded.strictNumerics == true
        options.strictCode = strictCode || recorded.strictCode == true
        return options
    }

    /// Everything that decides which instructions compute.
    private static var machine: String {
        let machine = Machine.current()
        let features = machine.vectorFeatures.joined(separator: "+")
        return "\(machine.processor);\(features)"
    }

    private static func programDigest() throws -> ContentDigest {
        // The file that runs, whatever became of its name since it was started.
        let path = "/proc/self/exe"
        var stream = DigestStream()
        do {
            let file = try FileHandle(forReadingFrom: URL(filePath: path))
            defer { try? file.close() }
            while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
                piece.withUnsafeBytes { stream.update($0) }
            }
        } catch {
            throw CommandError.programUnreadable(path: path, reason: error.localizedDescription)
        }
        return stream.finalize()
    }
}
