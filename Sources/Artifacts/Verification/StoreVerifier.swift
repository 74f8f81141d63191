/// Compares what a store holds with what its records and its index say of it.
///
/// It changes nothing and takes no lock: what a run under way has not committed yet shows as orphaned, nothing worse.
struct StoreVerifier {
    private let layout: StoreLayout
    private let index: ArtifactIndex
    private let hasItsKey: (StageRecord) -> Bool
    private var report = StoreReport()
    private var noted: Set<String> = []
    /// Every file that a result needs, by path.
    private var wanted: [String: WantedFile] = [:]
    /// Content that results were made from, or that diverging results gave, and whose it is.
    private var mentioned: [ContentDigest: Set<String>] = [:]

    private struct WantedFile {
        var storedBytes: Int?
        var names: Set<String>
        /// What records say of its content.
        var claims: [Claim] = []
    }

    private struct Claim {
        /// Of the record file.
        let path: String
        let name: String
        let rows: Int
        let bytes: Int
    }

    private init(layout: StoreLayout, index: ArtifactIndex, hasItsKey: @escaping (StageRecord) -> Bool) {
        self.layout = layout
        self.index = index
        self.hasItsKey = hasItsKey
    }

    /// - Parameters:
    ///   - generator: chooses the files of a share.
    ///   - hasItsKey: whether the key of a record follows from its preimage.
    /// - Throws: `ArtifactError.newerRecord` where a newer program wrote to the store; `.system` where a folder cannot
    ///   be listed.
    static func report(
        layout: StoreLayout, index: ArtifactIndex, reading share: VerifiedShare,
        generator: inout some RandomNumberGenerator, hasItsKey: @escaping (StageRecord) -> Bool
    ) throws -> StoreReport {
        var verifier = StoreVerifier(layout: layout, index: index, hasItsKey: hasItsKey)
        try verifier.compareRecords()
        try verifier.compareFiles()
        try verifier.compareRuns()
        try verifier.read(share, &generator)
        verifier.report.problems.sort { ($0.path, $0.reason) < ($1.path, $1.reason) }
        return verifier.report
    }

    // MARK: Records

    private mutating func compareRecords() throws {
        // Files first: what is committed while they are read is then in the index at least.
        let places = try RecordFile.places(in: layout.records)
        let indexed = indexedTexts()
        for place in places {
            report.records += 1
            try compare(place, with: place.isDivergence ? nil : indexed?[place.key])
        }
        let onDisk = Set(places.filter { !$0.isDivergence }.map(\.path))
        for (key, text) in indexed ?? [:] where !onDisk.contains(layout.record(key)) {
            guard let record = remembered(text, key), try FileStatus(path: layout.record(key)) == nil else {
                continue
            }
            note(.dangling, layout.record(key), "the index knows the result, its record file is missing", record)
            want(record)
        }
    }

    /// Every accepted record as the index tells it; nil, and a note, where the index cannot be read.
    private mutating func indexedTexts() -> [ContentDigest: String]? {
        do {
            let faults = try index.faults()
            for fault in faults { note(.damaged, layout.index, fault) }
            return faults.isEmpty ? try index.records() : nil
        } catch {
            note(.damaged, layout.index, "\(error)")
            return nil
        }
    }

    /// The record that the index holds for `key`; nil, and a note, where its text is none.
    private mutating func remembered(_ text: String, _ key: ContentDigest) -> StageRecord? {
        do { return try RecordFile.decode(text.utf8, path: layout.index) } catch {
            note(.damaged, layout.index, "the record of key '\(key.short)' in it: \(error)")
            return nil
        }
    }

    /// - Parameter text: what the index holds for the key of an accepted record; nil where it holds nothing.
    private mutating func compare(_ place: RecordFile.Place, with text: String?) throws {
        var remembered: StageRecord?
        if let text { remembered = self.remembered(text, place.key) }
        // What the index remembers is needed, whatever became of the record file.
        if let remembered {
            want(remembered)
            if !hasItsKey(remembered) { noteMisfiled(place.path, "what the index says", remembered) }
        }
        do {
            let bytes = try ReadableFile.contents(of: place.path)
            let record = try place.record(in: bytes)
            if !hasItsKey(record) { noteMisfiled(place.path, "what it says", record) }
            if place.isDivergence {
                mention(record)
            } else if text == nil {
                // Left by a process that died before it committed, or committed just now.
                if try index.record(for: place.key) == nil {
                    note(.orphaned, place.path, "no result is committed to it")
                }
                want(record)
            } else if text?.utf8.elementsEqual(bytes) != true, try differs(place) {
                note(.dangling, place.path, "the index holds another record", record)
            }
        } catch ArtifactError.damagedFile(_, let reason) {
            note(.damaged, place.path, reason, remembered)
        } catch ArtifactError.newerRecord(let path, let schema) {
            // The index has it as this program knows it: then the file is not newer, but damaged.
            guard remembered != nil else { throw ArtifactError.newerRecord(path: path, schema: schema) }
            note(.damaged, place.path, "it names the schema '\(schema)'", remembered)
        } catch let error as ArtifactError {
            note(.unreadable, place.path, "\(error)", remembered)
        }
    }

    private mutating func noteMisfiled(_ path: String, _ what: String, _ record: StageRecord) {
        note(.misfiled, path, "its key '\(record.key.short)' does not follow from \(what) was hashed", record)
    }

    /// Whether file and index still differ when both are looked at again: a run may just have replaced them.
    private func differs(_ place: RecordFile.Place) throws -> Bool {
        let bytes = try ReadableFile.contents(of: place.path)
        return try index.record(for: place.key)?.utf8.elementsEqual(bytes) != true
    }

    private mutating func want(_ record: StageRecord) {
        for (port, output) in record.outputs {
            let (path, name) = (layout.path(of: output), "\(record.stageName).\(port)")
            want(path, bytes: output.storedBytes, [name])
            wanted[path]?.claims.append(
                Claim(path: layout.record(record.key), name: name, rows: output.rows, bytes: output.bytes))
        }
        for blob in record.blobs {
            want(layout.blob(blob), bytes: record.blobBytes[blob.hex], [record.stageName])
        }
        for input in record.inputs { mentioned[input, default: []].insert(record.stageName) }
    }

    /// A diverging result is kept to be looked at; nothing needs its files.
    private mutating func mention(_ record: StageRecord) {
        for digest in record.outputs.values.map(\.digest) + record.blobs + record.inputs {
            mentioned[digest, default: []].insert(record.stageName)
        }
    }

    private mutating func want(_ path: String, bytes: Int? = nil, _ names: Set<String>) {
        var file = wanted[path] ?? WantedFile(storedBytes: bytes, names: [])
        file.storedBytes = file.storedBytes ?? bytes
        file.names.formUnion(names)
        wanted[path] = file
    }

    // MARK: Files

    private var stored: [StoredFile] = []

    private mutating func compareFiles() throws {
        let (objects, blobs) = (try layout.storedFiles(in: layout.objects), try layout.storedFiles(in: layout.blobs))
        (report.objects, report.blobs) = (objects.count, blobs.count)
        for path in try layout.strangers() { note(.orphaned, path, "no file of a store is called so") }
        stored = objects + blobs
        let sizes = Dictionary(stored.map { ($0.path, $0.size) }) { first, _ in first }
        for (path, file) in wanted {
            guard let size = try sizes[path] ?? FileStatus(path: path)?.size else {
                note(.missing, path, "it is not there", names: file.names)
                continue
            }
            if let expected = file.storedBytes, size != expected {
                note(.damaged, path, "it has \(size) bytes, not \(expected)", names: file.names)
            }
        }
        try mentionFolders()
        for file in stored where wanted[file.path] == nil && mentioned[file.digest] == nil {
            note(.orphaned, file.path, "no result names it")
        }
    }

    /// A folder taken in as a source is an object whose rows name blobs.
    private mutating func mentionFolders() throws {
        for file in stored where file.path == layout.object(file.digest) && wanted[file.path] == nil {
            guard let names = mentioned[file.digest] else { continue }
            for digest in NamedContent.files(of: file.path) { mentioned[digest, default: []].formUnion(names) }
        }
    }

    private mutating func compareRuns() throws {
        for fault in try layout.runFaults() { note(fault.kind, fault.path, fault.reason) }
    }

    // MARK: Contents

    private mutating func read(_ share: VerifiedShare, _ generator: inout some RandomNumberGenerator) throws {
        var files: [StoredFile] = []
        switch share {
        case .none: return
        case .some(let part):
            let count = Int((Double(stored.count) * part).rounded(.up))
            files = Array(stored.shuffled(using: &generator).prefix(count))
        case .all: files = stored
        }
        for file in files {
            let names = wanted[file.path]?.names ?? mentioned[file.digest] ?? []
            do {
                let (rows, bytes) = try layout.verify(file.digest, at: file.path)
                for claim in wanted[file.path]?.claims ?? [] where (claim.rows, claim.bytes) != (rows, bytes) {
                    note(
                        .damaged, claim.path,
                        "it gives '\(claim.name)' \(claim.rows) rows in \(claim.bytes) bytes; there are \(rows) in \(bytes)",
                        names: [claim.name])
                }
            } catch ArtifactError.missingObject {
                continue  // Gone meanwhile.
            } catch ArtifactError.digestMismatch(_, _, let found) {
                note(.damaged, file.path, "it hashes to '\(found.short)'", names: names)
            } catch ArtifactError.damagedFile(_, let reason) {
                note(.damaged, file.path, reason, names: names)
            } catch let error as ArtifactError {
                note(.unreadable, file.path, "\(error)", names: names)
            }
            report.filesRead += 1
            report.bytesRead += file.size
        }
    }

    // MARK: Problems

    private mutating func note(
        _ kind: StoreProblem.Kind, _ path: String, _ reason: String, _ record: StageRecord? = nil,
        names: Set<String> = []
    ) {
        // One fault of a file can show in several ways; the first is enough. The index has many things in one file.
        guard noted.insert(path == layout.index ? "\(path): \(reason)" : "\(path): \(kind)").inserted else { return }
        let names = names.union(record.map { [$0.stageName] } ?? [])
        report.problems.append(
            StoreProblem(kind, path: layout.relative(path), reason: reason, names: names.sorted()))
    }
}
