import Artifacts
import Foundation
import Testing

/// A store, and a run on it in the middle of which the power may go.
struct CrashScenario: Sendable, CustomTestStringConvertible {
    var name: String
    /// Makes what is there before the recorded run.
    var prepare: @Sendable (URL) throws -> Void = { _ in }
    var run: @Sendable (ScriptedRun) throws -> Void

    var testDescription: String { name }

    static let replacedCheckpoint = CrashScenario(name: "a checkpoint replaced again and again") { run in
        try run.stage("trained", .init(checkpoints: 4, blobs: 1))
    }

    static let all = [
        CrashScenario(name: "publishing objects and blobs") { run in
            try run.ingest("first")
            try run.ingest("second")
            for number in 0..<2 {
                let writer = try run.store.writer(of: Sample.self)
                try writer.append(Sample(number))
                run.promise(.stored(try writer.finish()))
            }
            try run.ingest("first")
        },
        CrashScenario(name: "a stage with shards and blobs in a new store") { run in
            try run.run { try run.stage("a", .init(shards: 3, blobs: 2)) }
        },
        replacedCheckpoint,
        CrashScenario(name: "a stage whose result names a source") { run in
            try run.run { try run.stage("imported", .init(sources: ["weights", "tokenizer"])) }
        },
        CrashScenario(
            name: "three stages, one with the result of another",
            prepare: { root in try ScriptedRun(root).stage("earlier", .init(blobs: 1)) },
            run: { run in
                try run.run {
                    try run.stage("earlier", .init(blobs: 1))
                    try run.stage("a", .init(shards: 1))
                    try run.stage("b", .init(shards: 1))
                    try run.store.note([StageUse(pipeline: "iteration", stageName: "b", key: key("a"))])
                }
            }),
        CrashScenario(
            name: "recovery from a run that died",
            prepare: leaveDeadRun,
            run: { run in
                try run.run {
                    try run.stage("finished", .init(shards: 1))
                    try run.stage("dead", .init(shards: 3, blobs: 1))
                }
            }),
        CrashScenario(
            name: "a damaged object and a damaged blob replaced",
            prepare: { root in
                try ScriptedRun(root).stage("a", .init(shards: 1, blobs: 1))
                try damage("objects", in: root)
                try damage("blobs", in: root)
            },
            run: { run in try run.run { try run.stage("a", .init(shards: 1, blobs: 1)) } }),
        CrashScenario(
            name: "a divergence",
            prepare: { root in try ScriptedRun(root).stage("a", .init(shards: 1)) },
            run: { run in
                // As a forced run does it: what lies in staging does not count.
                try run.store.staging(for: key("a")).discard()
                try run.compute("a", .init(shards: 1, salt: 7))
                try run.stage("b")
            }),
        CrashScenario(name: "sources taken back") { run in
            try run.run { try run.stage("a", .init(blobs: 1)) }
            try run.takeBack([try run.ingest("refused"), try run.ingest("a weights 0"), try run.ingest("and this")])
        },
        CrashScenario(
            name: "results collected that nothing keeps",
            prepare: { root in
                try ScriptedRun(root).stage("old", .init(shards: 1, blobs: 2, sources: ["seeds"]))
                _ = try ScriptedRun(root).store.ingest(bytes: Array("nobody's".utf8))
                try ScriptedRun(root).store.staging(for: key("given up")).publish(rows: [Sample(1)], as: "shard-0")
            },
            run: { run in
                try run.run { try run.stage("kept", .init(shards: 1, blobs: 1)) }
                // The name of the old result now stands for the kept one.
                try run.store.note([StageUse(pipeline: "iteration", stageName: "old", key: key("kept"))])
                _ = try run.store.collect(keeping: Retention(runs: 0))
            }),
        CrashScenario(
            name: "the results of another store taken in",
            prepare: { root in
                let other = try ScriptedRun(root.deletingLastPathComponent().appending(path: "other"))
                try other.stage("a", .init(shards: 1, blobs: 1))
                try other.stage("b", .init(sources: ["seeds"]))
                try ScriptedRun(root).stage("here")
            },
            run: { run in
                let other = run.store.root.deletingLastPathComponent().appending(path: "other")
                _ = try run.store.takeIn(ArtifactStore.open(other, create: false)) { _ in }
                for name in ["a", "b"] {
                    if let record = try run.store.stageRecord(for: key(name)) { run.promise(.done(record)) }
                }
            }),
        CrashScenario(
            name: "a lost index",
            prepare: { root in
                try ScriptedRun(root).stage("a", .init(blobs: 1))
                try ScriptedRun(root).stage("b")
                try FileManager.default.removeItem(at: root.appending(path: "index.sqlite"))
            },
            run: { run in
                try run.run {
                    try run.stage("a", .init(blobs: 1))
                    try run.stage("c", .init(shards: 1))
                }
            }),
    ]

    /// A store whose last run died after two shards, with unfinished files.
    @Sendable private static func leaveDeadRun(in root: URL) throws {
        let run = try ScriptedRun(root)
        try run.stage("finished", .init(shards: 1))
        let staging = try run.store.staging(for: key("dead"))
        for shard in 0..<2 {
            try staging.publish(rows: (0..<2).map { Sample(shard * 2 + $0) }, as: "shard-\(shard)")
        }
        for path in ["tmp/1-1.tmp", "tmp/1-2.tmp", "staging/\(key("dead").hex)/1-3.tmp", "locks/\(key("dead").hex)"] {
            try Data("unfinished".utf8).write(to: root.appending(path: path))
        }
    }

    /// Cuts a byte off every file below `folder`.
    private static func damage(_ folder: String, in root: URL) throws {
        let folder = root.appending(path: folder)
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let file = folder.appending(path: path)
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
            guard !isFolder.boolValue else { continue }
            let bytes = try Data(contentsOf: file)
            try FileManager.default.removeItem(at: file)
            try bytes.dropLast().write(to: file)
        }
    }
}
