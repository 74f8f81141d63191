internal import ArgumentParser
internal import Artifacts
internal import Stages

/// `pipeline artifacts show`.
struct ArtifactsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Say what an artifact is and where it comes from, and show some of its rows.")

    @Argument(help: ArtifactsCommand.referenceHelp)
    var reference: String
    @Option(help: ArgumentHelp("Show this row: \(RowSearch.help).", valueName: "row"))
    var row: String?
    @Option(help: ArgumentHelp("Show these rows, counted from 1.", valueName: "first..last"))
    var rows: RowRange?
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    /// Rows shown where the user names none.
    private static let rowsShown = 3

    func run() async throws {
        let store = try storeOptions.open()
        let listing = try ArtifactLookup(store: store).one(reference)
        let wanted = try range(in: listing, store)
        let found = try wanted.map { range in
            range.isEmpty ? [] : try store.rowReader(listing.reference).rows(range)
        }
        let parents = try ArtifactParents(store: store).parents(of: listing)
        if output.json {
            try printJSON(listing, parents: parents, rows: found ?? [])
            return
        }
        let columns = Terminal.standardOutput.isInteractive ? Terminal.standardOutput.size.columns : 100
        // Asking for rows is asking for nothing else.
        if row == nil, rows == nil { try printHead(listing, parents: parents) }
        guard let wanted, let found else {
            try Console.print("\nraw bytes; this writes them out: \(command("cat", listing.name))")
            return
        }
        let renderer = RowRenderer(columns: columns)
        for (position, value) in zip(wanted, found) {
            if row == nil, rows == nil || position > wanted.lowerBound { try Console.print("") }
            for line in renderer.lines(value, number: position + 1) { try Console.print(line) }
        }
        if row == nil, rows == nil, wanted.count < listing.reference.rows {
            let rest = wanted.upperBound + 1...listing.reference.rows
            let show = command("show", reference, "--rows", "\(rest.lowerBound)..\(rest.upperBound)")
            try Console.print("\n\(Quantities.count(rest.count, "more row")): \(show)")
        }
    }

    /// A command on the same store.
    private func command(_ words: String...) -> String {
        Invocation.current.command(["artifacts"] + words + storeOptions.arguments)
    }

    /// Which rows to show, counted from 0; nil for raw bytes.
    private func range(in listing: ArtifactListing, _ store: ArtifactStore) throws -> Range<Int>? {
        if listing.reference.isBlob {
            if row != nil || rows != nil { throw CommandError.notRows(listing.name) }
            return nil
        }
        if let rows { return try rows.positions(of: listing.reference.rows, name: listing.name) }
        if let row {
            let fields = RowRelations.idFields(of: RowFinder.schemaName(listing)).map { RowPath($0) }
            let lookup = try store.rowLookup(listing.reference, fields: fields)
            let position = try RowSearch(artifact: listing, lookup: lookup).row(row).position
            return position..<position + 1
        }
        return 0..<min(Self.rowsShown, listing.reference.rows)
    }

    private func printHead(_ listing: ArtifactListing, parents: [ArtifactParent]) throws {
        let reference = listing.reference
        var table = TextTable([.left, .left])
        table.add(["artifact", listing.name])
        table.add([
            "holds",
            reference.isBlob ? "raw bytes" : "\(reference.schema), \(Quantities.count(reference.rows, "row"))",
        ])
        table.add(["size", "\(Quantities.bytes(reference.bytes)), \(Quantities.bytes(reference.storedBytes)) stored"])
        table.add(["digest", reference.digest.hex])
        table.add(["stage", "\(listing.stageName) (\(listing.kind)) of \(listing.pipeline)"])
        table.add(["key", listing.key.hex])
        table.add(["made", listing.createdAt + (listing.isCurrent ? "" : ", replaced since")])
        for (index, parent) in parents.enumerated() {
            table.add([
                index == 0 ? "made from" : "",
                "\(parent.port): \(parent.name ?? "an input") \(parent.digest.prefix(12))",
            ])
        }
        for line in table.lines() { try Console.print(line) }
    }

    private func printJSON(_ listing: ArtifactListing, parents: [ArtifactParent], rows: [JSONValue]) throws {
        guard case .object(var members) = ArtifactText.json(listing) else { return }
        members["schema"] = "pipeline.artifact/1"
        members["parents"] = .array(
            parents.map { parent in
                [
                    "port": .string(parent.port), "digest": .string(parent.digest),
                    "name": parent.name.map { .string($0) } ?? .null,
                ]
            })
        members["shown"] = .array(rows)
        try Console.print(json: .object(members))
    }
}
