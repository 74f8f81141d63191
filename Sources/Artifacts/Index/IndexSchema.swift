internal import GRDB

/// The tables of `index.sqlite`, and how an older index becomes a newer one.
enum IndexSchema {
    /// Marks a database as the index of an artifact store: "SRLM" in ASCII.
    static let applicationID: Int32 = 0x5352_4C4D

    /// The statements that lead from version n to n + 1, at position n. Never edit one that was released: add one.
    static let migrations: [String] = [
        """
        CREATE TABLE stages (
            sequence INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            stage_name TEXT NOT NULL,
            pipeline TEXT NOT NULL,
            created_at TEXT NOT NULL,
            record TEXT NOT NULL
        ) STRICT;
        CREATE INDEX stages_by_kind ON stages (kind, stage_name, sequence);

        CREATE TABLE outputs (
            key TEXT NOT NULL REFERENCES stages (key) ON DELETE CASCADE,
            port TEXT NOT NULL,
            digest TEXT NOT NULL,
            schema TEXT NOT NULL,
            rows INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            stored_bytes INTEGER NOT NULL,
            PRIMARY KEY (key, port)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX outputs_by_digest ON outputs (digest);

        CREATE TABLE blobs (
            key TEXT NOT NULL REFERENCES stages (key) ON DELETE CASCADE,
            digest TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (key, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX blobs_by_digest ON blobs (digest);

        CREATE TABLE uses (
            pipeline TEXT NOT NULL,
            stage_name TEXT NOT NULL,
            key TEXT NOT NULL REFERENCES stages (key) ON DELETE CASCADE,
            sequence INTEGER NOT NULL,
            PRIMARY KEY (pipeline, stage_name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE divergences (
            key TEXT NOT NULL,
            outcome TEXT NOT NULL,
            record TEXT NOT NULL,
            PRIMARY KEY (key, outcome)
        ) STRICT, WITHOUT ROWID;
        """
    ]

    static var version: Int { migrations.count }

    /// What a database file turned out to be.
    enum State: Equatable {
        /// No tables at all: a new file, or one whose making was cut short.
        case empty
        case current
        case older(version: Int)
    }

    /// Whether the file begins as a SQLite database does.
    static func isDatabase(_ path: String) throws -> Bool {
        let mark = Array("SQLite format 3\0".utf8)
        let file = try ReadableFile(path: path)
        return try file.size >= mark.count && file.read(mark.count, at: 0) == mark
    }

    /// - Throws: `ArtifactError.foreignIndex` or `.newerIndex`, having changed nothing.
    static func examine(_ database: Database, path: String) throws -> State {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard application == applicationID else {
            let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            guard application == 0, version == 0, tables == 0 else {
                throw ArtifactError.foreignIndex(path: path, reason: "another program made it")
            }
            return .empty
        }
        guard version <= self.version else {
            throw ArtifactError.newerIndex(path: path, version: version, supported: self.version)
        }
        return version == self.version ? .current : .older(version: version)
    }

    /// Brings the database to the current version, within the transaction of the caller.
    static func migrate(_ database: Database, from version: Int) throws {
        for statements in migrations[version...] { try database.execute(sql: statements) }
        try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = \(self.version)")
    }
}
