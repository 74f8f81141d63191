/// The step of a commit that gives a finished temporary file its place among the objects or the blobs.
enum ObjectPlacement {
    /// Puts `file`, whose content is `reference`, into the store.
    ///
    /// The name of an object is its content, so a taken name means that the work is done already, unless the file
    /// that has it is damaged: then it is replaced.
    /// - Returns: the reference to what the store now holds, whose stored size may be that of an older compressor.
    static func place(
        _ file: TemporaryFile, as reference: ArtifactReference, in layout: StoreLayout
    ) throws -> ArtifactReference {
        let target = layout.path(of: reference)
        try Folder.create(Folder.parent(of: target))
        if try file.link(to: target) { return reference }

        var held = reference
        if try holds(reference, at: target) {
            file.discard()
            // Whoever gave it its name may have died before that was durable.
            try FileSystem.synchroniseFolder(Folder.parent(of: target))
            held.storedBytes = try FileStatus(path: target)?.size ?? reference.storedBytes
        } else {
            try file.replace(target)
        }
        return held
    }

    /// Whether the file at `path` is sound and has the content `reference`.
    private static func holds(_ reference: ArtifactReference, at path: String) throws -> Bool {
        do {
            if reference.isBlob { return try ReadableFile(path: path).digest() == reference.digest }
            try RowFile(path: path).verify(reference)
            return true
        } catch ArtifactError.damagedFile, ArtifactError.digestMismatch {
            return false
        } catch ArtifactError.system(_, _, code: SystemCall.noSuchFile) {
            return false  // Removed meanwhile.
        }
    }
}
