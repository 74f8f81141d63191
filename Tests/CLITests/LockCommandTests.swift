import Foundation
import Testing

@Suite("Lockfiles")
struct LockCommandTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
    }

    private func lock() throws {
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        try #require(try place.pipeline.run("lock", "seeds.yaml").status == 0)
    }

    @Test("it can be written once every stage has its result, and says what it wrote")
    func written() throws {
        #expect(try place.pipeline.run("lock", "seeds.yaml").status == 15)
        try #require(try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.ift=2").status == 0)
        let early = try place.pipeline.run("lock", "seeds.yaml")
        #expect(early.status == 2 && early.stderr.contains("stage 'seeds' has no result to lock: parameter 'ift' "))
        #expect(!place.exists("seeds.lock.json"))
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        let result = try place.pipeline.run("lock", "seeds.yaml")
        #expect(result.status == 0 && result.stdout == "locked 1 stage in 'seeds.lock.json'\n")
        #expect(
            try place.pipeline.run("lock", "seeds.yaml", "--check").stdout
                == "1 stage as locked in 'seeds.lock.json'\n")
        let json = try place.pipeline.run("lock", "seeds.yaml", "--json").json()
        #expect(json["schema"] as? String == "pipeline.locked/1" && json["stages"] as? Int == 1)
    }

    @Test("a lockfile that cannot be written is told of, and pins nothing")
    func unwritable() throws {
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        // Also the superuser writes no file in the place of a folder.
        try FileManager.default.createDirectory(
            at: place.folder.appending(path: "seeds.lock.json/inner"), withIntermediateDirectories: true)
        let result = try place.pipeline.run("lock", "seeds.yaml", "--json")
        #expect(result.status == 1 && result.stdout.isEmpty)
        let message = try #require(try result.errorJSON()["message"] as? String)
        #expect(message.hasPrefix("cannot write the lockfile 'seeds.lock.json': "))
        #expect(message.hasSuffix("; it lies beside the pipeline file: check who owns that folder"))
        #expect(result.stderr.hasPrefix("error: \(message)\n"))
        #expect(try place.pipeline.run("artifacts", "pin").stdout.isEmpty)
    }

    @Test("a locked run goes on where everything is as it was, in an empty store too")
    func held() throws {
        try lock()
        #expect(try place.pipeline.run("run", "seeds.yaml", "--locked").status == 0)
        #expect(try place.pipeline.run("run", "seeds.yaml", "--locked", "--store", "elsewhere").status == 0)
    }

    @Test("a locked run with another parameter or without a lockfile ends before anything runs")
    func broken() throws {
        let none = try place.pipeline.run("run", "seeds.yaml", "--locked")
        #expect(none.status == 2 && none.stderr.contains("there is no lockfile 'seeds.lock.json'"))
        #expect(!place.exists("artifacts"))
        try lock()
        let runs = place.storedFiles(in: ["runs"])
        let other = try place.pipeline.run("run", "seeds.yaml", "--locked", "--set", "seeds.ift=2")
        #expect(other.status == 14)
        #expect(other.stderr.hasPrefix("error: not as locked: stage 'seeds' parameter 'ift' "))
        #expect(other.stderr.hasSuffix("; nothing was run\n"))
        #expect(place.storedFiles(in: ["runs"]) == runs)
        #expect(try place.pipeline.run("lock", "seeds.yaml", "--check", "--set", "seeds.ift=2").status == 14)
    }

    @Test("an output that is not the locked one breaks the run when it is made")
    func otherOutput() throws {
        try lock()
        let text = try String(contentsOf: place.folder.appending(path: "seeds.lock.json"), encoding: .utf8)
        let digest = try #require(text.firstMatch(of: #/"examples":"([0-9a-f]{64})"/#)?.1)
        try place.write(text.replacing(digest, with: String(repeating: "a", count: 64)), to: "seeds.lock.json")
        let result = try place.pipeline.run("run", "seeds.yaml", "--locked", "--store", "elsewhere")
        #expect(result.status == 14)
        #expect(result.stderr.contains("gave \(digest.prefix(12)) for its output 'examples', not aaaaaaaaaaaa"))
    }

    @Test(
        "a lockfile that is none, or was edited",
        arguments: [
            ("{}", "it is no 'pipeline.lock/1'"), ("[", "ends too early"),
            ("\"key\":\"0", "is not that of what stands beside it"),
        ])
    func bad(change: String, says: String) throws {
        try lock()
        if change.hasPrefix("\"key\"") {
            try place.edit("seeds.lock.json", replacing: "\"ift\":", with: "\"ift2\":")
        } else {
            try place.write(change, to: "seeds.lock.json")
        }
        let result = try place.pipeline.run("run", "seeds.yaml", "--locked")
        #expect(result.status == 2 && result.stderr.contains("lockfile 'seeds.lock.json' cannot be used: "))
        #expect(result.stderr.contains(says), "\(result.stderr)")
    }
}
