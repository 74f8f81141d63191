/// Writes rows of `R` into a new artifact of the store.
///
/// Rows are compressed and hashed as they come, about 1 MiB at a time. Nothing is visible before `finish()`, and a
/// writer that is forgotten leaves nothing behind. Used from one task.
public final class RecordWriter<R: Record> {
    private let writer: RowFileWriter
    private let layout: StoreLayout
    public private(set) var count = 0

    init(layout: StoreLayout) throws {
        self.layout = layout
        writer = try RowFileWriter(in: layout.temporary)
    }

    /// Appends one row.
    /// - Throws: `ArtifactError.notRepresentable` for a value that JSON has no text for (NaN), after which the writer
    ///   is as before; `.system` where the disk refuses.
    public func append(_ row: R) throws {
        try writer.append(CanonicalJSON.value(of: row))
        count += 1
    }

    public func append(contentsOf rows: some Sequence<R>) throws {
        for row in rows { try append(row) }
    }

    /// Ends the artifact: reads it back, makes it durable and gives it its name in the store.
    ///
    /// Where the store has the same content already, that one is verified and kept.
    /// The artifact belongs to no stage before `ArtifactStore.commit`.
    public func finish() throws -> ArtifactReference {
        let reference = try writer.finish(schema: R.schema.description)
        return try ObjectPlacement.place(writer.file, as: reference, in: layout)
    }

    /// Gives the artifact up and removes what was written.
    public func cancel() { writer.file.discard() }
}
