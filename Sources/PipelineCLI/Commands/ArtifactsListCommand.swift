internal import ArgumentParser
internal import Artifacts

/// `pipeline artifacts ls`.
struct ArtifactsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List artifacts.")

    @Argument(help: ArgumentHelp("Only those whose name begins so.", valueName: "prefix"))
    var prefix: String?
    @Flag(help: "Older results too, not only what each name stands for now.")
    var all = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    func run() async throws {
        let listings = try storeOptions.open().artifacts()
            .filter { (all || $0.isCurrent) && $0.name.hasPrefix(prefix ?? "") }
            .sorted { ($0.createdAt, $0.name) < ($1.createdAt, $1.name) }
        if output.json {
            try Console.print(json: [
                "schema": "pipeline.artifacts/1", "artifacts": .array(listings.map(ArtifactText.json)),
            ])
            return
        }
        guard !listings.isEmpty else {
            Console.note("no artifacts\(prefix.map { " whose name begins with '\($0)'" } ?? "")")
            return
        }
        var table = TextTable([.left, .left, .right, .right, .left, .left])
        table.add(["NAME", "HOLDS", "ROWS", "SIZE", "DIGEST", "MADE"])
        for listing in listings {
            let reference = listing.reference
            table.add([
                listing.name, reference.schema, reference.isBlob ? "" : "\(reference.rows)",
                Quantities.bytes(reference.bytes), reference.digest.short, listing.createdAt,
            ])
        }
        for line in table.lines() { try Console.print(line) }
    }
}

/// An artifact's facts as text and JSON.
enum ArtifactText {
    static func json(_ listing: ArtifactListing) -> JSONValue {
        let reference = listing.reference
        return [
            "name": .string(listing.name), "stage": .string(listing.stageName), "port": .string(listing.port),
            "digest": .string(reference.digest.hex), "record": .string(reference.schema),
            "rows": .integer(Int64(reference.rows)), "bytes": .integer(Int64(reference.bytes)),
            "stored_bytes": .integer(Int64(reference.storedBytes)), "key": .string(listing.key.hex),
            "kind": .string(listing.kind), "pipeline": .string(listing.pipeline),
            "created": .string(listing.createdAt), "current": .bool(listing.isCurrent),
        ]
    }
}
