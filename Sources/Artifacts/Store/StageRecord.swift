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

    /// Every accepted record under `folder`, in the order of their making.
    /// - Parameter damaged: gets the paths of those that cannot be read.
    /// - Throws: `ArtifactError.newerRecord` where a newer program wrote one: an index without it would be wrong.
    static func readAll(in folder: String, damaged: inout [String]) throws -> [StageRecord] {
        var records: [StageRecord] = []
        for shard in try Folder.names(in: folder) {
            for name in try Folder.names(in: "\(folder)/\(shard)") where isAcceptedRecord(name) {
                let path = "\(folder)/\(shard)/\(name)"
                do {
                    let record = try decode(ReadableFile.contents(of: path), path: path)
                    guard name == "\(record.key.hex).json" else {
                        throw ArtifactError.damagedFile(path: path, reason: "it is the record of another key")
                    }
                    records.append(record)
                } catch ArtifactError.damagedFile {
                    damaged.append(path)
                }
            }
        }
        return records.sorted { ($0.createdAt, $0.key) < ($1.createdAt, $1.key) }
    }

    /// `<64 digits>.json`: not a divergence, nor anything a user left there.
    private static func isAcceptedRecord(_ name: String) -> Bool {
        name.hasSuffix(".json") && ContentDigest(hex: name.dropLast(5)) != nil
    }
}
