import Foundation
import Testing

@Suite("Verifying a store through the program")
struct VerifyCommandTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
    }

    /// The file of the artifact `name`, relative to the store.
    private func object(_ name: String) throws -> String {
        let listed = try place.pipeline.run("artifacts", "ls", "--json").json()
        let artifacts = try #require(listed["artifacts"] as? [[String: Any]])
        let digest = try #require(artifacts.first { $0["name"] as? String == name }?["digest"] as? String)
        return "objects/sha256/\(digest.prefix(2))/\(digest).jsonl.zst"
    }

    /// Flips a bit of the file at `path` in the store.
    private func damage(_ path: String) throws {
        let url = place.folder.appending(path: "artifacts/\(path)")
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 1
        try FileManager.default.removeItem(at: url)
        try bytes.write(to: url)
    }

    @Test("a sound store is called so, with what was looked at")
    func sound() throws {
        let quick = try place.pipeline.run("verify")
        #expect(quick.status == 0 && quick.stderr.isEmpty)
        #expect(quick.stdoutLines.count == 2 && quick.stdoutLines[1] == "the store is sound")
        #expect(quick.stdoutLines[0].hasPrefix("1 record, 5 objects, "))
        #expect(quick.stdoutLines[0].hasSuffix("; sizes compared, contents not read"))
        let whole = try place.pipeline.run("verify", "--read-data")
        #expect(whole.status == 0 && whole.stdoutLines[0].contains(" files read, "))
        let json = try place.pipeline.run("verify", "--read-data-subset", "1%", "--json").json()
        #expect(json["schema"] as? String == "pipeline.verify/1" && json["sound"] as? Bool == true)
        #expect((json["checked"] as? [String: Int])?["files_read"] == 1)
    }

    @Test("damage ends with 12 and says what and whose; a repair and a run heal it")
    func damaged() throws {
        let path = try object("seeds.examples")
        try damage(path)
        #expect(try place.pipeline.run("verify").status == 0, "sizes alone do not show it")
        let found = try place.pipeline.run("verify", "--read-data")
        #expect(found.status == 12 && found.stderr.isEmpty)
        #expect(found.stdout.contains("damaged  \(path)  ") && found.stdout.contains("(seeds.examples)"))
        #expect(
            found.stdoutLines.last
                == "1 problem; put right what can be: \(Binary.url.path) verify --repair --read-data")
        let repaired = try place.pipeline.run("verify", "--read-data", "--repair")
        #expect(repaired.status == 12 && repaired.stdout.contains("; moved to quarantine/"))
        #expect(repaired.stdoutLines.last == "1 problem left; what is missing is made again when its pipeline runs")
        #expect(!place.exists("artifacts/\(path)"))
        let json = try place.pipeline.run("verify", "--json")
        #expect(json.status == 12 && json.stderr.contains(#""message":"the store is not whole""#))
        #expect((try json.json()["problems"] as? [[String: Any]])?.first?["kind"] as? String == "missing")
        let again = try place.pipeline.run("run", "seeds.yaml")
        #expect(again.status == 0 && again.stdout.contains("1 stage: 0 cached, 1 ran"))
        #expect(try place.pipeline.run("verify", "--read-data").status == 0)
    }

    /// The record file of the only stage, relative to the store.
    private func recordFile() throws -> String { try #require(place.storedFiles(in: ["records"]).first) }

    private func forge(_ old: String, _ new: String) throws {
        let file = place.folder.appending(path: "artifacts/\(try recordFile())")
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains(old))
        try FileManager.default.removeItem(at: file)
        try Data(text.replacing(old, with: new).utf8).write(to: file)
    }

    @Test(
        "a record whose key does not follow from it is misfiled; once put away, the next run makes the result again")
    func misfiled() throws {
        let path = try recordFile()
        try forge("\"keep_synthetic\":true", "\"keep_synthetic\":false")
        let rebuilt = try place.pipeline.run("verify", "--rebuild-index")
        #expect(rebuilt.stdoutLines[0].hasSuffix("; they differ in these results:"))
        #expect(rebuilt.stdoutLines[1].hasPrefix("  1 changed, of which the old one said something else: seeds ("))
        #expect(rebuilt.status == 12 && rebuilt.stdout.contains("\nmisfiled  \(path)  its key '"))
        let json = try place.pipeline.run("verify", "--json").json()
        #expect((json["problems"] as? [[String: Any]])?.map { $0["kind"] as? String } == ["misfiled"])
        let repaired = try place.pipeline.run("verify", "--repair")
        #expect(repaired.status == 0 && repaired.stdout.contains("; moved to quarantine/"), "\(repaired.stdout)")
        #expect(try place.pipeline.run("run", "seeds.yaml").stdout.contains("1 stage: 0 cached, 1 ran"))
        #expect(try place.pipeline.run("verify", "--read-data").stdoutLines.last == "the store is sound")
    }

    @Test("a lost index is made anew")
    func index() throws {
        try Data("no database".utf8).write(to: place.folder.appending(path: "artifacts/index.sqlite"))
        #expect(try place.pipeline.run("verify").status == 15)
        let rebuilt = try place.pipeline.run("verify", "--rebuild-index")
        #expect(rebuilt.status == 0 && rebuilt.stdoutLines.last == "the store is sound")
        #expect(
            rebuilt.stdoutLines.first
                == "the index was made anew; the old one is kept as quarantine/index.sqlite; it cannot be compared: it is no SQLite database"
        )
        let again = try place.pipeline.run("verify", "--rebuild-index").stdoutLines.first
        #expect(
            again
                == "the index was made anew; the old one is kept as quarantine/index.sqlite-2; both know the same results"
        )
        let json = try place.pipeline.run("verify", "--rebuild-index", "--json").json()
        let index = try #require(json["index"] as? [String: Any])
        #expect(index["kept_as"] as? String == "quarantine/index.sqlite-3" && index["damage"] is NSNull)
        #expect((index["added"] as? [Any])?.isEmpty == true && (index["changed"] as? [Any])?.isEmpty == true)
        #expect(try place.pipeline.run("run", "seeds.yaml").stdout.contains("1 stage: 1 cached"))
    }

    @Test(
        "wrong options and no store",
        arguments: [
            (["verify", "--read-data-subset", "0%"], 2), (["verify", "--read-data-subset", "some"], 2),
            (["verify", "--read-data", "--read-data-subset", "5%"], 2), (["verify", "--store", "nowhere"], 15),
            (["verify", "--rebuild-index", "--store", "nowhere"], 15),
        ] as [([String], Int32)])
    func refused(command: [String], status: Int32) throws {
        let result = try place.pipeline.run(command)
        #expect(result.status == status && result.stdout.isEmpty)
        #expect(!place.exists("nowhere"))
    }
}
