import Foundation
import Testing

@Suite("Runs that move to another store")
struct TransferCommandTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
    }

    private func export() throws {
        try #require(try place.pipeline.run("export", "latest", "--format", "tar", "--out", "run.tar").status == 0)
    }

    @Test("an exported run is taken in by another store, where the next run reuses it")
    func roundTrip() throws {
        try export()
        let other = ["--store", "elsewhere"]
        let taken = try place.pipeline.run(["import", "run.tar"] + other)
        #expect(taken.status == 0 && taken.stdout == "took in 1 result\n", "\(taken.stderr)")
        let run = try place.pipeline.run(["run", "seeds.yaml", "--json"] + other).json()
        #expect((run["stages"] as? [String: Int])?["cached"] == 1)
        #expect(try place.pipeline.run(["verify", "--read-data"] + other).status == 0)
        #expect(try place.pipeline.run(["runs", "ls"] + other).stdoutLines.count == 3)
        let again = try place.pipeline.run(["import", "run.tar", "--json"] + other).json()
        #expect(again["accepted"] as? Int == 0 && again["known"] as? Int == 1)
        #expect(!place.exists("elsewhere/isolated"))
    }

    @Test("a colon in the name of an archive names no other machine")
    func colonInName() throws {
        let written = try place.pipeline.run("export", "latest", "--format", "tar", "--out", "host:run.tar")
        #expect(written.status == 0 && place.exists("host:run.tar"), "\(written.stderr)")
        let taken = try place.pipeline.run("import", "host:run.tar", "--store", "elsewhere")
        #expect(taken.status == 0 && taken.stdout == "took in 1 result\n", "\(taken.stderr)")
    }

    @Test("equal runs give equal archives, and a file that is there is never overwritten")
    func reproducible() throws {
        try export()
        let second = try place.pipeline.run("export", "latest", "--format", "tar", "--out", "run.tar")
        #expect(second.status == 2 && second.stderr == "error: 'run.tar' exists; name another file\n")
        try #require(try place.pipeline.run("export", "latest", "--format", "tar", "--out", "two.tar").status == 0)
        #expect(
            try Data(contentsOf: place.folder.appending(path: "run.tar"))
                == Data(contentsOf: place.folder.appending(path: "two.tar")))
    }

    @Test("the statement names every output, what it was made from, and how")
    func statement() throws {
        try #require(try place.pipeline.run("export", "latest", "--format", "intoto", "--out", "p.json").status == 0)
        let bytes = try Data(contentsOf: place.folder.appending(path: "p.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        #expect(json["_type"] as? String == "https://in-toto.io/Statement/v1")
        #expect(json["predicateType"] as? String == "https://slsa.dev/provenance/v1")
        let subjects = try #require(json["subject"] as? [[String: Any]])
        let listed = try #require(
            try place.pipeline.run("artifacts", "ls", "--json").json()["artifacts"] as? [[String: Any]])
        #expect(
            Set(subjects.compactMap { $0["name"] as? String }) == Set(listed.compactMap { $0["name"] as? String }))
        #expect(
            Set(subjects.compactMap { ($0["digest"] as? [String: String])?["sha256"] })
                == Set(listed.compactMap { $0["digest"] as? String }))
        let definition = try #require((json["predicate"] as? [String: Any])?["buildDefinition"] as? [String: Any])
        let sources = try #require(definition["resolvedDependencies"] as? [[String: Any]])
        #expect(sources.compactMap { $0["name"] as? String } == ["seeds.trees"])
    }

    /// Unpacks the archive, changes it and packs it again.
    private func forge(_ change: (URL) throws -> Void) throws {
        try export()
        let folder = place.folder.appending(path: "unpacked")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try tar("-xf", place.folder.appending(path: "run.tar").path, "-C", folder.path)
        try change(folder)
        try FileManager.default.removeItem(at: place.folder.appending(path: "run.tar"))
        try tar("-cf", place.folder.appending(path: "run.tar").path, "-C", folder.path, ".")
    }

    private func tar(_ arguments: String...) throws {
        let process = try Process.run(URL(filePath: "/bin/tar"), arguments: arguments)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private func files(_ folder: URL, _ suffix: String) throws -> [URL] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(suffix) }.sorted()
            .map { folder.appending(path: $0) }
    }

    private func refused(_ status: Int32, _ text: String) throws {
        let result = try place.pipeline.run("import", "run.tar", "--store", "elsewhere")
        #expect(result.status == status && result.stderr.contains(text), "\(result.stderr)")
        #expect(!result.stderr.contains("isolated"))
        #expect(!place.exists("elsewhere"), "no store is made for what is refused")
    }

    @Test("an archive with a changed byte is refused whole")
    func changedByte() throws {
        try forge { folder in
            let file = try #require(try files(folder.appending(path: "objects"), ".zst").first)
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 1
            try FileManager.default.removeItem(at: file)
            try bytes.write(to: file)
        }
        try refused(12, "archive 'run.tar' is damaged in '")
    }

    @Test("an archive whose record claims another key is refused whole")
    func forgedKey() throws {
        try forge { folder in
            let file = try #require(try files(folder.appending(path: "records"), ".json").first)
            let text = try String(contentsOf: file, encoding: .utf8)
            try FileManager.default.removeItem(at: file)
            try text.replacing("\"keep_synthetic\":true", with: "\"keep_synthetic\":false")
                .write(to: file, atomically: false, encoding: .utf8)
        }
        try refused(12, "is not one that the key")
    }

    @Test(
        "an archive that was cut short is refused whole, wherever it ends, and told where",
        arguments: [1, 512, 10_240, 40_000])
    func truncated(missing: Int) throws {
        try export()
        let file = place.folder.appending(path: "run.tar")
        let bytes = try Data(contentsOf: file)
        // Zeros at the end are padding, and no loss.
        let content = try #require(bytes.lastIndex { $0 != 0 }) + 1
        let whole = (content + 511) / 512 * 512 + 1024
        try bytes.prefix(whole - missing).write(to: file)
        try refused(
            12,
            "archive 'run.tar' is cut short: it ends after \(whole - missing) bytes, without the mark of its end; copy it again"
        )
    }

    @Test("folders of the archive that nobody may write to are no obstacle")
    func protectedFolders() throws {
        try forge { folder in
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
                let path = folder.appending(path: name).path
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
                    continue
                }
                try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: path)
            }
        }
        let taken = try place.pipeline.run("import", "run.tar", "--store", "elsewhere")
        #expect(taken.status == 0 && taken.stdout == "took in 1 result\n", "\(taken.stderr)")
        #expect(!place.exists("elsewhere/isolated"))
        #expect(try place.pipeline.run("verify", "--read-data", "--store", "elsewhere").status == 0)
    }

    @Test("a store and the folders above it that a refused import made are gone; what was there before stays")
    func leavesNothing() throws {
        try place.write("nothing", to: "run.tar")
        #expect(try place.pipeline.run("import", "run.tar", "--store", "a/b/store").status == 2)
        #expect(!place.exists("a"))
        try FileManager.default.createDirectory(
            at: place.folder.appending(path: "empty"), withIntermediateDirectories: true)
        #expect(try place.pipeline.run("import", "run.tar", "--store", "empty").status == 2)
        #expect(place.exists("empty") && place.storedFiles(in: ["../empty"]).isEmpty)
        let folders = ["records", "objects", "blobs", "runs", "tmp", "isolated"]
        let before = place.storedFiles(in: folders)
        #expect(try place.pipeline.run("import", "run.tar").status == 2)
        #expect(place.storedFiles(in: folders) == before && place.exists("artifacts/index.sqlite"))
    }

    @Test("an import waits for nobody that unpacks or audits: one of them at a time, the other ends with 15")
    func exclusive() throws {
        try export()
        let lock = open(place.folder.appending(path: "artifacts/locks/isolated").path, O_RDWR | O_CREAT, 0o644)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX) == 0)
        for command in [["import", "run.tar"], ["audit", "seeds"]] {
            let result = try place.pipeline.run(command)
            #expect(result.status == 15, "\(result.stderr)")
            #expect(result.stderr.contains("artifacts/isolated' is in use: another process runs"), "\(result.stderr)")
        }
        try #require(flock(lock, LOCK_UN) == 0)
        #expect(try place.pipeline.run("import", "run.tar").status == 0)
        #expect(try place.pipeline.run("audit", "seeds").status == 0)
    }

    @Test("an import waits until a run that is under way lets go of its stage")
    func waits() throws {
        try export()
        try place.pipeline.run("gc", "--keep-last", "0", "--forget", "seeds-only").requireSuccess()
        let key =
            try #require(
                try place.pipeline.run("plan", "seeds.yaml", "--json").json()["stages"] as? [[String: Any]]
            ).first?["key"] as? String
        let path = place.folder.appending(path: "artifacts/locks/\(try #require(key))").path
        let lock = open(path, O_RDWR | O_CREAT, 0o644)
        try #require(flock(lock, LOCK_EX) == 0)
        let pipeline = place.pipeline
        let start = Date.now
        let release = Thread {
            Thread.sleep(forTimeInterval: 1.5)
            close(lock)
        }
        release.start()
        let taken = try pipeline.run("import", "run.tar")
        #expect(taken.status == 0 && taken.stdout == "took in 1 result\n", "\(taken.stderr)")
        #expect(Date.now.timeIntervalSince(start) > 1.4)
    }

    @Test("a run whose results were collected, or replaced since, cannot be exported, and the error says which")
    func lostResults() throws {
        let run =
            try #require(try place.pipeline.run("runs", "ls", "--json").json()["runs"] as? [[String: Any]])
            .first?["run"] as? String
        let name = try #require(run)
        try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=2").requireSuccess()
        try place.pipeline.run("gc", "--keep-last", "1").requireSuccess()
        let collected = try place.pipeline.run("export", name, "--format", "tar", "--out", "x.tar")
        #expect(collected.status == 2)
        #expect(
            collected.stderr
                == "error: the store no longer holds the result of stage 'seeds' that run '\(name)' had: it was collected; run the pipeline again and export that run\n"
        )
        // As after a result that was lost, and came out otherwise when it was made again.
        let summary = try #require(
            place.storedFiles(in: ["runs"]).last { $0.hasSuffix("summary.json") && !$0.contains(name + "/") })
        let file = place.folder.appending(path: "artifacts/\(summary)")
        let text = try String(contentsOf: file, encoding: .utf8)
        try FileManager.default.removeItem(at: file)
        try Data(text.replacing(#/"digest":"[0-9a-f]{4}/#, with: "\"digest\":\"ffff").utf8).write(to: file)
        let replaced = try place.pipeline.run("export", "latest", "--format", "tar", "--out", "x.tar")
        #expect(replaced.status == 2)
        #expect(replaced.stderr.contains("the store now holds another result of stage 'seeds' than run '"))
        #expect(!place.exists("x.tar"))
    }

    @Test("an export that is killed, or finds no space, leaves nothing under its name, and can be done again")
    func killedExport() throws {
        for (format, name) in [("tar", "run.tar"), ("intoto", "run.json")] {
            let command = ["export", "latest", "--format", format, "--out", name]
            place.pipeline.environment["PIPELINE_FAILPOINT"] = "synchronise:kill"
            #expect(try place.pipeline.run(command).status == SIGKILL)
            #expect(!place.exists(name))
            place.pipeline.environment["PIPELINE_FAILPOINT"] = "synchronise:full"
            let full = try place.pipeline.run(command)
            #expect(full.status == 1 && full.stderr.contains("no space left on device"), "\(full.stderr)")
            place.pipeline.environment["PIPELINE_FAILPOINT"] = nil
            place.pipeline.launcher = ["/bin/sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""]
            if format == "tar" { #expect(try place.pipeline.run(command).status != 0) }
            #expect(!place.exists(name))
            place.pipeline.launcher = []
            #expect(try place.pipeline.run(command).status == 0)
            #expect(place.exists(name))
        }
        #expect(try place.pipeline.run("import", "run.tar", "--store", "elsewhere").status == 0)
    }

    @Test("an archive with a link in it is refused whole")
    func link() throws {
        try forge { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder.appending(path: "objects/out").path, withDestinationPath: "/etc")
        }
        try refused(2, "which is no plain file")
    }

    @Test("what is no archive, or no file, or no finished run")
    func absent() throws {
        try place.write("nothing", to: "run.tar")
        try refused(2, "archive 'run.tar'")
        #expect(try place.pipeline.run("import", "none.tar").stderr == "error: there is no file 'none.tar'\n")
        let run = try place.pipeline.run("export", "1999", "--format", "tar", "--out", "x.tar")
        #expect(run.status == 2 && run.stderr.contains("no run '1999' in this store"))
        #expect(!place.exists("x.tar"))
    }
}
