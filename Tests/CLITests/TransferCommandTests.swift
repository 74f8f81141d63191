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
        #expect(place.storedFiles(in: ["../elsewhere/records"]).isEmpty)
        #expect(!place.exists("elsewhere/isolated"))
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
