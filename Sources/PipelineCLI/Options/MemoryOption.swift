internal import ArgumentParser
internal import Pipeline

/// How much memory the stages of a run may share.
struct MemoryOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Memory that stages may share, as far as they say what they need: 8GiB. Without it: the machine's.",
            valueName: "size"),
        transform: Self.bytes)
    var memory: Int?

    private static func bytes(_ text: String) throws -> Int {
        guard let bytes = Quantity.bytes(text), bytes > 0 else {
            throw ValidationError("--memory is '\(text)'; write a size such as '8GiB' or '512MiB'")
        }
        return bytes
    }
}
