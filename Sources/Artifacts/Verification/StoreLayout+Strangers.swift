extension StoreLayout {
    /// Files that lie where no file of a store of this form does, in the order of their paths.
    ///
    /// What is being made, put away or locked is not looked at, nor are a read-me and hidden files beside the folders.
    func strangers() throws -> [String] {
        let known: Set = ["index.sqlite", "index.sqlite-journal", "README.md"]
        let folders: Set = [
            "objects", "blobs", "records", "staging", "runs", "tmp", "locks", "pins", "quarantine", "isolated",
            "row-index",
        ]
        var strangers = try Folder.names(in: root).filter { name in
            !known.contains(name) && !folders.contains(name) && !name.hasPrefix(".")
        }.map { "\(root)/\($0)" }
        for folder in [Folder.parent(of: objects), Folder.parent(of: blobs)] {
            strangers += try Folder.names(in: folder).filter { $0 != "sha256" }.map { "\(folder)/\($0)" }
        }
        for folder in [objects, blobs] { strangers += try files(below: folder) { content(at: $0) != nil } }
        strangers += try files(below: records) { path in
            RecordFile.place(path).map { path.hasPrefix("\(records)/\($0.key.hex.prefix(2))/") } ?? false
        }
        for folder in [runs, staging] {
            strangers += try Folder.names(in: folder).map { "\(folder)/\($0)" }.filter { try !Folder.isFolder($0) }
        }
        strangers += try Folder.names(in: pins).filter { !$0.hasSuffix(".json") }.map { "\(pins)/\($0)" }
        return strangers.filter { !$0.hasSuffix(TemporaryFile.suffix) }.sorted()
    }

    /// The files in `folder` and below it, but for those that belong there.
    private func files(below folder: String, belongs: (String) -> Bool) throws -> [String] {
        try Folder.names(in: folder).flatMap { name in
            let path = "\(folder)/\(name)"
            if try Folder.isFolder(path) { return try files(below: path, belongs: belongs) }
            return belongs(path) ? [] : [path]
        }
    }
}
