internal import ArgumentParser

/// How many rows a command writes.
struct RowCountOption: ParsableArguments {
    // What begins with a dash is a number too, and a wrong one.
    @Option(name: [.customShort("n"), .customLong("rows")], parsing: .unconditional, help: "How many rows.")
    var count = 10

    func validate() throws {
        if count < 0 { throw ValidationError("-n is \(count); it must be 0 or more") }
    }
}
