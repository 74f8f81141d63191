internal import Artifacts
internal import Pipeline

/// The plan that a command is about: of the file that it was told, or of the newest run.
struct ChosenPlan {
    var plan: PipelinePlan
    var strict: StrictOptions
    /// Nil where the user named the file.
    var takenOver: TakenOver?
}

/// What a command that was told no file took over from the newest run.
struct TakenOver {
    let run: String
    let command: RunCommandRecord

    /// `as in run 2024-01-18T10-11-12Z: iter3.yaml --set m2.pairs.tie_break=first`.
    var line: String {
        let words =
            [command.file] + command.overlays.flatMap { ["-f", $0] } + command.settings.flatMap { ["--set", $0] }
            + (command.strictNumerics == true ? ["--strict-numerics"] : [])
            + (command.strictCode == true ? ["--strict-code"] : [])
        return DisplayText.harmless("as in run \(run): \(words.map(Invocation.quoted).joined(separator: " "))")
            .replacing("\n", with: " ")
    }

    var json: JSONValue {
        ["run": .string(run), "command": (try? CanonicalJSON.value(of: command)) ?? .null]
    }
}
