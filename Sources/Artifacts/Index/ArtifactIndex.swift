internal import Foundation
internal import GRDB

/// The SQLite index: which keys are done and what they made. All of it can be rebuilt from the record files.
final class ArtifactIndex: Sendable {
    let path: String
    private let queue: DatabaseQueue
    /// Of the file that was opened.
    private let inode: UInt64?

    /// Opens the index, making it from `records` where it is missing or empty.
    /// - Parameter records: reads every record file; called only to build an index anew.
    init(path: String, records: () throws -> RecordFile.Records) throws {
        self.path = path
        do {
            queue = try DatabaseQueue(path: path, configuration: Self.configuration(path: path))
        } catch {
            throw Self.typed(error, path: path)
        }
        inode = try FileStatus(path: path)?.inode
        let state = try read { try IndexSchema.examine($0, path: path) }
        guard state != .current else { return }
        try write { database in
            // Another process may have been faster.
            switch try IndexSchema.examine(database, path: path) {
            case .current: break
            case .older(let version): try IndexSchema.migrate(database, from: version)
            case .empty:
                try IndexSchema.migrate(database, from: 0)
                let records = try records()
                for record in records.accepted { try Self.insert(record, into: database) }
                for record in records.divergences { try Self.insert(divergence: record, into: database) }
                let keys = Set(records.accepted.map(\.key))
                for use in records.uses where keys.contains(use.key) { try Self.noteUse(use, in: database) }
            }
        }
    }

    /// - Throws: `ArtifactError.index` where the file that was opened is not the one that now has its name: what would be
    ///   written to it would be lost.
    func checkPlace() throws {
        guard try FileStatus(path: path)?.inode == inode else {
            throw ArtifactError.index(path: path, reason: "it was made anew while it was open; run again")
        }
    }

    private static func configuration(path: String) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(10)
        configuration.label = "artifact index"
        configuration.prepareDatabase { database in
            // First of all, so that a database of another program is left as it is. In one transaction, since another
            // process may be making the index: marks from before that, and tables from after, would look foreign.
            try database.inTransaction(.deferred) {
                _ = try IndexSchema.examine(database, path: path)
                return .commit
            }
            // No WAL: SQLite before 3.51.3 can corrupt one when a checkpoint races with a commit.
            try database.execute(
                sql: """
                    PRAGMA journal_mode = TRUNCATE;
                    PRAGMA synchronous = FULL;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA mmap_size = 0;
                    """)
        }
        return configuration
    }

    // MARK: Stages

    /// The accepted record for `key`, as the text of its record file.
    func record(for key: ContentDigest) throws -> String? {
        try read { try String.fetchOne($0, sql: "SELECT record FROM stages WHERE key = ?", arguments: [key.hex]) }
    }

    /// Every accepted record by its key, as the text of its record file.
    func records() throws -> [ContentDigest: String] {
        let rows = try read { try IndexedRecord.fetchAll($0, sql: "SELECT key, record FROM stages") }
        return Dictionary(
            try rows.map { row in
                guard let key = ContentDigest(hex: row.key) else {
                    throw ArtifactError.index(path: path, reason: "it holds a malformed digest")
                }
                return (key, row.record)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Every accepted record by its key.
    /// - Throws: `ArtifactError.damagedFile` where one cannot be read.
    func acceptedRecords() throws -> [ContentDigest: StageRecord] {
        try records().mapValues { try RecordFile.decode($0.utf8, path: path) }
    }

    private struct IndexedRecord: Decodable, FetchableRecord {
        var key: String
        var record: String
    }

    /// Reads all pages of the file, but does not compare tables with their indexes, which takes longer.
    /// - Throws: `ArtifactError.damagedIndex`.
    func checkPages() throws {
        let faults = try read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") }
        guard faults == ["ok"] else {
            // The first line names the database, which is always the same.
            let reason = faults.first?.split(separator: "\n").last.map(String.init)
            throw ArtifactError.damagedIndex(path: path, reason: reason ?? "its pages cannot be checked")
        }
    }

    /// What SQLite finds wrong with its own file.
    func faults() throws -> [String] {
        try read { database in
            let faults = try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            let orphans = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").count
            return faults + (orphans > 0 ? ["\(orphans) rows belong to no stage"] : [])
        } + strayOutputs()
    }

    /// Rows of `outputs` that are not what their record says.
    private func strayOutputs() throws -> [String] {
        let found = try read {
            try IndexedOutput.fetchSet($0, sql: "SELECT key, port, digest, rows, bytes, stored_bytes FROM outputs")
        }
        // A record that cannot be read is a fault of its own.
        let records = try records().values.compactMap { try? RecordFile.decode($0.utf8, path: path) }
        let keys = Set(records.map(\.key.hex))
        let expected = records.flatMap { record in
            record.outputs.map { port, output in
                IndexedOutput(
                    key: record.key.hex, port: port, digest: output.digest.hex, rows: output.rows,
                    bytes: output.bytes,
                    storedBytes: output.storedBytes)
            }
        }
        let stray = found.filter { keys.contains($0.key) }.symmetricDifference(expected).count
        return stray > 0 ? ["\(stray) outputs are not what the records say"] : []
    }

    private struct IndexedOutput: Decodable, FetchableRecord, Hashable {
        var key: String
        var port: String
        var digest: String
        var rows: Int
        var bytes: Int
        var storedBytes: Int

        enum CodingKeys: String, CodingKey {
            case key, port, digest, rows, bytes
            case storedBytes = "stored_bytes"
        }
    }

    /// Records of `kind`, newest first.
    func latestRecords(stageName: String?, kind: String) throws -> [String] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT record FROM stages WHERE kind = :kind AND (:name IS NULL OR stage_name = :name)
                    ORDER BY sequence DESC
                    """,
                arguments: ["kind": kind, "name": stageName])
        }
    }

    /// Makes `record` the accepted one for its key. This transaction is the moment at which a stage is done.
    func accept(_ record: StageRecord) throws {
        try write { database in
            try Self.insert(record, into: database)
        }
    }

    func insert(divergence record: StageRecord) throws {
        try write { try Self.insert(divergence: record, into: $0) }
    }

    private static func insert(divergence record: StageRecord, into database: Database) throws {
        let text = String(decoding: try RecordFile.encode(record), as: UTF8.self)
        try database.execute(
            sql: "INSERT OR REPLACE INTO divergences (key, outcome, record) VALUES (?, ?, ?)",
            arguments: [record.key.hex, record.outcome.hex, text])
    }

    private static func insert(_ record: StageRecord, into database: Database) throws {
        let key = record.key.hex
        let text = String(decoding: try RecordFile.encode(record), as: UTF8.self)
        try database.execute(
            sql: """
                INSERT INTO stages (sequence, key, kind, stage_name, pipeline, created_at, record)
                VALUES ((SELECT coalesce(max(sequence), 0) + 1 FROM stages), ?, ?, ?, ?, ?, ?)
                ON CONFLICT (key) DO UPDATE SET
                    sequence = excluded.sequence, kind = excluded.kind, stage_name = excluded.stage_name,
                    pipeline = excluded.pipeline, created_at = excluded.created_at, record = excluded.record
                """,
            arguments: [key, record.kind, record.stageName, record.pipeline, record.createdAt, text])
        try database.execute(sql: "DELETE FROM outputs WHERE key = ?", arguments: [key])
        try database.execute(sql: "DELETE FROM blobs WHERE key = ?", arguments: [key])
        for (port, output) in record.outputs.sorted(by: { $0.key < $1.key }) {
            try database.execute(
                sql: """
                    INSERT INTO outputs (key, port, digest, schema, rows, bytes, stored_bytes)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key, port, output.digest.hex, output.schema, output.rows, output.bytes, output.storedBytes,
                ])
        }
        for (digest, bytes) in record.blobBytes.sorted(by: { $0.key < $1.key }) {
            try database.execute(
                sql: "INSERT INTO blobs (key, digest, bytes) VALUES (?, ?, ?)", arguments: [key, digest, bytes])
        }
        try noteUse(StageUse(pipeline: record.pipeline, stageName: record.stageName, key: record.key), in: database)
    }

    // MARK: Names

    /// Notes which keys the stages of a pipeline stood for last. Writes only what changed.
    func note(_ uses: [StageUse]) throws {
        let changed = try read { database in
            try uses.filter { use in
                let known = try String.fetchOne(
                    database, sql: "SELECT key FROM uses WHERE pipeline = ? AND stage_name = ?",
                    arguments: [use.pipeline, use.stageName])
                return known != use.key.hex
            }
        }
        guard !changed.isEmpty else { return }
        try write { database in
            for use in changed { try Self.noteUse(use, in: database) }
        }
    }

    /// What every stage name stands for now.
    func uses() throws -> [StageUse] {
        try read { try IndexedUse.fetchAll($0, sql: "SELECT pipeline, stage_name, key FROM uses") }.map { use in
            guard let key = ContentDigest(hex: use.key) else {
                throw ArtifactError.index(path: path, reason: "it holds a malformed digest")
            }
            return StageUse(pipeline: use.pipeline, stageName: use.stageName, key: key)
        }
    }

    private struct IndexedUse: Decodable, FetchableRecord {
        var pipeline: String
        var stageName: String
        var key: String

        enum CodingKeys: String, CodingKey {
            case pipeline, key
            case stageName = "stage_name"
        }
    }

    /// Forgets the results for `keys`, diverging ones too, in one transaction.
    func remove(_ keys: some Collection<ContentDigest>) throws {
        guard !keys.isEmpty else { return }
        try write { database in
            for table in ["stages", "divergences"] {
                let statement = try database.makeStatement(sql: "DELETE FROM \(table) WHERE key = ?")
                for key in keys { try statement.execute(arguments: [key.hex]) }
            }
        }
    }

    private static func noteUse(_ use: StageUse, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO uses (pipeline, stage_name, key, sequence)
                VALUES (?, ?, ?, (SELECT coalesce(max(sequence), 0) + 1 FROM uses))
                """,
            arguments: [use.pipeline, use.stageName, use.key.hex])
    }

    /// Every output of every stage: those that a stage name stands for now first, then the older ones, newest first.
    func artifacts() throws -> [ArtifactListing] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT coalesce(uses.pipeline, stages.pipeline) AS pipeline,
                           coalesce(uses.stage_name, stages.stage_name) AS stage_name,
                           uses.sequence AS use_sequence, stages.kind, stages.created_at, outputs.*
                    FROM outputs JOIN stages USING (key) LEFT JOIN uses USING (key)
                    ORDER BY uses.sequence IS NULL, uses.sequence DESC, stages.sequence DESC, outputs.port
                    """)
            return try rows.map { try Self.listing($0, path: path) }
        }
    }

    private static func listing(_ row: Row, path: String) throws -> ArtifactListing {
        guard let key = ContentDigest(hex: row["key"] as String),
            let digest = ContentDigest(hex: row["digest"] as String)
        else { throw ArtifactError.index(path: path, reason: "it holds a malformed digest") }
        return ArtifactListing(
            stageName: row["stage_name"], port: row["port"],
            reference: ArtifactReference(
                digest: digest, schema: row["schema"], rows: row["rows"], bytes: row["bytes"],
                storedBytes: row["stored_bytes"]),
            key: key, kind: row["kind"], pipeline: row["pipeline"], createdAt: row["created_at"],
            isCurrent: (row["use_sequence"] as Int?) != nil)
    }

    // MARK: Access

    private func read<T>(_ body: (Database) throws -> T) throws -> T {
        do { return try queue.read(body) } catch { throw Self.typed(error, path: path) }
    }

    private func write<T>(_ body: (Database) throws -> T) throws -> T {
        do {
            return try FileSystem.transaction(path) {
                try queue.writeWithoutTransaction { database in
                    var result: T?
                    try database.inTransaction(.immediate) {
                        result = try body(database)
                        return .commit
                    }
                    guard let result else {
                        throw ArtifactError.index(path: path, reason: "a transaction gave no result")
                    }
                    return result
                }
            }
        } catch { throw Self.typed(error, path: path) }
    }

    private static func typed(_ error: any Error, path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        switch error.resultCode {
        case .SQLITE_NOTADB:
            // Damage behind the first bytes is ours; a file that never was a database is somebody else's.
            return (try? IndexSchema.isDatabase(path)) == true
                ? ArtifactError.damagedIndex(path: path, reason: "its header is damaged")
                : ArtifactError.foreignIndex(path: path, reason: "it is no SQLite database")
        case .SQLITE_CORRUPT:
            return ArtifactError.damagedIndex(path: path, reason: error.message ?? "\(error.resultCode)")
        case .SQLITE_FULL:
            return ArtifactError.system(operation: "write", path: path, code: SystemCall.noSpace)
        default: return ArtifactError.index(path: path, reason: error.message ?? "\(error.resultCode)")
        }
    }
}
