internal import ArgumentParser
internal import Artifacts

/// `pipeline artifacts pin`.
struct ArtifactsPinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Keep a result, and all it was made from, from being collected.",
        discussion: """
            The pin stays with the result that the name stands for now, also when the name comes to stand for another. \
            Without a reference, the pins are listed.
            """)

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String?
    @Option(help: ArgumentHelp("Why it is to stay.", valueName: "text"))
    var note = ""
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func validate() throws {
        if reference == nil, !note.isEmpty { throw ValidationError("--note goes with something to pin") }
    }

    func run() async throws {
        let store = try storeOptions.open()
        guard let reference else { return try list(store.pins()) }
        let listing = try ArtifactLookup(store: store).one(reference)
        let pin = StorePin(
            name: "\(listing.name)@\(listing.key.short)", keys: [listing.key], note: note)
        try store.pin(pin)
        if output.json {
            try Console.print(json: ["schema": "pipeline.pin/1", "pin": CanonicalJSON.value(of: pin)])
        } else {
            Console.note("pinned \(pin.name)")
        }
    }

    private func list(_ pins: [StorePin]) throws {
        if output.json {
            let values = try pins.map { try CanonicalJSON.value(of: $0) }
            return try Console.print(json: ["schema": "pipeline.pins/1", "pins": .array(values)])
        }
        guard !pins.isEmpty else { return Console.note("no pins") }
        var table = TextTable([.left, .left, .left])
        table.add(["PIN", "SINCE", "NOTE"])
        for pin in pins {
            table.add([
                DisplayText.harmless(pin.name), pin.createdAt,
                DisplayText.harmless(pin.lockfile == nil ? pin.note : "lockfile"),
            ])
        }
        for line in table.lines() { try Console.print(line) }
    }
}

/// `pipeline artifacts unpin`.
struct ArtifactsUnpinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let a pinned result be collected once nothing else keeps it.")

    @Argument(help: ArgumentHelp("The pin, or how its name begins.", valueName: "pin"))
    var name: String
    @OptionGroup var storeOptions: StoreOptions

    func run() async throws {
        let store = try storeOptions.open()
        let pins = try store.pins().map(\.name)
        let matches = pins.contains(name) ? [name] : pins.filter { $0.hasPrefix(name) }
        guard let pin = matches.first else { throw CommandError.unknownName(name, what: "pin", known: pins) }
        guard matches.count == 1 else { throw CommandError.ambiguousName(name, what: "pin", matches: matches) }
        _ = try store.unpin(pin)
        Console.note("unpinned \(pin)")
    }
}
