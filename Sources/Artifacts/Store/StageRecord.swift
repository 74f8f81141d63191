/// What a finished stage leaves: which key it answers, what it made, and how it ran.
///
/// Written as `records/ab/<key>.json`; the index can be rebuilt from these alone.
public struct StageRecord: Codable, Sendable, Equatable {
    static let schema = RecordSchema("stage-record", version: 1)

    public var key: ContentDigest
    /// What was hashed to make the key.
    public var preimage: JSONValue
    public var kind: String
    /// The name the stage had in its pipeline when it ran.
    public var stageName: String
    public var pipeline: String
    /// The artifact or blob at each output port.
    public var outputs: [String: ArtifactReference]
    /// Blobs that the outputs' rows name, such as the weights of a checkpoint.
    public var blobs: [ContentDigest]
    /// How it ran: host, seconds, memory, threads, summary. Never part of a key.
    public var facts: JSONValue
    /// ISO 8601 in UTC, for people and for the order of a rebuilt index.
    public var createdAt: String
    /// Bytes of each of `blobs`, by digest; filled in by the store when the record is committed.
    public internal(set) var blobBytes: [String: Int]

    public init(
        key: ContentDigest, preimage: JSONValue, kind: String, stageName: String, pipeline: String,
        outputs: [String: ArtifactReference], blobs: [ContentDigest] = [], facts: JSONValue = [:], createdAt: String
    ) {
        self.key = key
        self.preimage = preimage
        self.kind = kind
        self.stageName = stageName
        self.pipeline = pipeline
        self.outputs = outputs
        self.blobs = blobs
        self.facts = facts
        self.createdAt = createdAt
        blobBytes = [:]
    }

    /// The content at each input port, as the preimage names it.
    var inputs: Set<ContentDigest> { Set(preimage["inputs"]?.digests ?? []) }

    /// Whether `other` has all outputs of this record, of the same content, and more.
    func isPart(of other: StageRecord) -> Bool {
        outputs.count < other.outputs.count && outputs.allSatisfy { other.outputs[$0.key]?.digest == $0.value.digest }
    }

    /// The digest over what the stage made: equal for two attempts that gave the same bytes at every port.
    var outcome: ContentDigest {
        get throws {
            let digests = outputs.mapValues { JSONValue.string($0.digest.hex) }
            return ContentDigest(hashing: try CanonicalJSON.encode(.object(digests)))
        }
    }
}

/// Something that a record promises and the store does not hold.
public struct OutputProblem: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case missing
        case wrongSize(expected: Int, found: Int)
    }
    /// The output port; nil for a blob that an output's rows name.
    public var port: String?
    public var digest: ContentDigest
    public var kind: Kind

    public init(port: String?, digest: ContentDigest, kind: Kind) {
        self.port = port
        self.digest = digest
        self.kind = kind
    }
}

/// What `ArtifactStore.commit` did with a record.
public enum CommitOutcome: Sendable, Equatable {
    /// It is the accepted result for its key.
    case accepted
    /// An earlier, sound record with the same outputs stands.
    case alreadyAccepted
    /// An earlier, sound record with other outputs stands; this one is kept beside it as a divergence.
    case diverged(accepted: StageRecord)
}

/// Reads and writes record files.
enum RecordFile {
    static func encode(_ record: StageRecord) throws -> [UInt8] {
        guard case .object(var members) = try CanonicalJSON.value(of: record) else { return [] }
        members["schema"] = .string(StageRecord.schema.description)
        return try CanonicalJSON.encode(.object(members)) + [UInt8(ascii: "\n")]
    }

    /// - Parameter path: what an error names.
    static func decode(_ bytes: some Collection<UInt8>, path: String) throws -> StageRecord {
        do {
            let value = try CanonicalJSON.parse(bytes)
            let schema = value["schema"]?.stringValue
            guard schema == StageRecord.schema.description else {
                if let schema, let known = RecordSchema(schema), known.name == StageRecord.schema.name {
                    throw ArtifactError.newerRecord(path: path, schema: schema)
                }
                throw ArtifactError.damagedFile(path: path, reason: "it is not a stage record")
            }
            return try CanonicalJSON.decode(StageRecord.self, from: value)
        } catch let error as ArtifactError {
            switch error {
            case .malformedJSON, .wrongShape: throw ArtifactError.damagedFile(path: path, reason: "\(error)")
            default: throw error
            }
        }
    }

    /// Every record under `folder`.
    /// - Parameter damaged: gets the paths of those that cannot be read.
    /// - Throws: `ArtifactError.newerRecord` where a newer program wrote one: an index without it would be wrong.
    static func readAll(in folder: String, damaged: inout [String]) throws -> Records {
        var records = Records()
        for place in try places(in: folder) {
            do {
                let record = try place.record(in: ReadableFile.contents(of: place.path))
                if place.isDivergence { records.divergences.append(record) } else { records.accepted.append(record) }
            } catch ArtifactError.damagedFile {
                damaged.append(place.path)
            }
        }
        records.accepted.sort { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }
        return records
    }

    /// All that an index is made of.
    struct Records {
        /// In the order of their making.
        var accepted: [StageRecord] = []
        var divergences: [StageRecord] = []
        /// What stage names stood for, as past runs tell it, the oldest first.
        var uses: [StageUse] = []
    }

    /// A file under `records/`, by its name alone: `<key>.json`, or `<key>.divergence-<12 digits>.json`.
    struct Place {
        let path: String
        let key: ContentDigest
        let isDivergence: Bool

        /// - Throws: `ArtifactError.damagedFile`, also where it is the record of another key; `.newerRecord`.
        func record(in bytes: [UInt8]) throws -> StageRecord {
            let record = try decode(bytes, path: path)
            guard record.key == key else {
                throw ArtifactError.damagedFile(path: path, reason: "it is the record of another key")
            }
            return record
        }
    }

    /// Puts the text of a record in the place of whatever the file at `path` is.
    static func write(_ text: String, to path: String, in layout: StoreLayout) throws {
        let file = try TemporaryFile(in: layout.temporary)
        try file.write(Array(text.utf8))
        try Folder.create(Folder.parent(of: path))
        try file.replace(path)
    }

    /// What the name of the file at `path` says of it; nil for one that is no record file.
    static func place(_ path: String) -> Place? {
        let name = Folder.name(of: path)
        guard name.hasSuffix(".json"), let key = ContentDigest(hex: name.prefix(64)) else { return nil }
        let middle = name.dropFirst(64).dropLast(5)
        guard middle.isEmpty || middle.hasPrefix(".divergence-") else { return nil }
        return Place(path: path, key: key, isDivergence: !middle.isEmpty)
    }

    /// The record files under `folder`, in the order of their names, without anything that a user left there.
    static func places(in folder: String) throws -> [Place] {
        try Folder.names(in: folder).flatMap { shard in
            try Folder.names(in: "\(folder)/\(shard)").compactMap { place("\(folder)/\(shard)/\($0)") }
        }
    }
}
