import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Damaged inputs are made again")
struct HealingTests {
    static let chain = """
        stages:
          first: {stage: constant}
          second: {stage: add, inputs: {numbers: first}}
          third: {stage: add, inputs: {numbers: second}}
        """

    @Test(
        "one flipped bit of an object: its stage runs again, then the one that reads it, and the user is told",
        arguments: [0, 0.2, 0.5, 0.8, 1])
    func object(place: Double) async throws {
        let workplace = try Workplace(Self.chain)
        let first = try await workplace.run()
        let path = try workplace.object(#require(first.digest("first")))
        try workplace.flipBit(of: path, at: place)
        let second = try await workplace.run(settings: ["second.amount=2"])
        #expect(second.outcomes == ["first ran", "second ran", "third ran"])
        #expect(second.started == ["second", "first", "second", "third"])
        #expect(second.decision("first") == .miss(.outputDamaged(port: "numbers")))
        #expect(try workplace.values(second, "third") == [4, 5, 6])
        #expect(
            second.events.contains {
                if case .stagePostponed("second", awaiting: "first") = $0 { true } else { false }
            })
        #expect(second.warnings.count == 1)
        let warning = try #require(second.warnings.first)
        #expect(warning.hasPrefix("'\(path.path)' cannot be read: "))
        #expect(warning.hasSuffix("; it is 'first.numbers'; stage 'first' is run again to make it anew"))
        #expect(try workplace.quarantined() == [path.lastPathComponent])
        #expect(try await workplace.run(settings: ["second.amount=2"]).started.isEmpty)
    }

    @Test("one flipped bit of a blob: the stage that wrote it runs again, not one that passed it on")
    func blob() async throws {
        let workplace = try Workplace(
            """
            stages:
              made: {stage: load}
              passed: {stage: carry, inputs: {cargo: made}}
              weighed: {stage: weigh, inputs: {cargo: passed}}
            """)
        try await workplace.run()
        let path = workplace.blob("weights")
        try workplace.flipBit(of: path, at: 0.5)
        let second = try await workplace.run(settings: ["weighed.factor=2"])
        #expect(second.outcomes == ["made ran", "passed cached", "weighed ran"])
        #expect(second.decision("made") == .miss(.outputDamaged(port: nil)))
        #expect(try workplace.values(second, "weighed") == [14])
        #expect(try workplace.blobs() == ["weights"])
        #expect(second.warnings.first?.contains("it is a blob of 'made'; stage 'made' is run again") == true)
        #expect(try workplace.quarantined() == [path.lastPathComponent])
    }

    @Test("an input that goes while the run is under way is made again too")
    func missing() async throws {
        let workplace = try Workplace(Self.chain)
        let digest = try #require(try await workplace.run().digest("second"))
        let path = try workplace.object(digest)
        let once = Once()
        let outcome = try await workplace.run(settings: ["third.amount=5"]) { event in
            if case .stageStarted("third", _) = event, once.isFirst { try? FileManager.default.removeItem(at: path) }
        }
        #expect(outcome.outcomes == ["first cached", "second ran", "third ran"])
        #expect(outcome.decision("second") == .miss(.outputMissing(port: "numbers")))
        #expect(try workplace.values(outcome, "third") == [7, 8, 9])
        #expect(try workplace.quarantined() == [])
    }

    @Test("a stage that is run again may find its own input damaged: that is made again first")
    func chained() async throws {
        let workplace = try Workplace(Self.chain)
        let first = try await workplace.run()
        for stage in ["first", "second"] {
            try workplace.flipBit(of: workplace.object(#require(first.digest(stage))), at: 0.5)
        }
        let second = try await workplace.run(settings: ["third.amount=5"])
        #expect(second.outcomes == ["first ran", "second ran", "third ran"])
        #expect(try workplace.values(second, "third") == [7, 8, 9])
        #expect(try workplace.quarantined().count == 2)
    }

    @Test("two stages that read one damaged input have it made again once", arguments: [1, 2])
    func severalReaders(cores: Int) async throws {
        let workplace = try Workplace(
            """
            stages:
              first: {stage: constant}
              left: {stage: add, inputs: {numbers: first}}
              right: {stage: add, inputs: {numbers: first}, params: {amount: 2}}
            """)
        let first = try await workplace.run()
        try workplace.flipBit(of: workplace.object(#require(first.digest("first"))), at: 0.5)
        let second = try await workplace.run(
            settings: ["left.amount=5", "right.amount=6"], options: RunOptions(cores: cores))
        #expect(second.outcomes == ["first ran", "left ran", "right ran"])
        #expect(second.started.count { $0 == "first" } == 1)
        #expect(try workplace.values(second, "right") == [7, 8, 9])
    }

    @Test(
        "a result that comes out differently when made again is a failure, and says so; the next run goes on from it")
    func diverged() async throws {
        let plan = """
            stages:
              made: {stage: fickle, params: {tag: diverged}}
              read: {stage: add, inputs: {numbers: made}}
            """
        let workplace = try Workplace(plan)
        let old = try #require(try await workplace.run().digest("made"))
        try workplace.flipBit(of: workplace.object(old), at: 0.5)
        Trouble.cause("diverged")
        let second = try await workplace.run(settings: ["read.amount=2"])
        #expect(second.outcomes == ["made failed", "read skipped"])
        #expect(second.report.stages.first?.failure == .notReproducible)
        let new = ContentDigest(hashing: try CanonicalJSON.encode(encodable: NumberRow(0, 2)) + [0x0A])
        #expect(
            second.outcome("made")?.message == """
                stage 'made' was run again to replace a damaged result, and its output 'numbers' is now \
                '\(new.short)', not '\(old.short)': it is not reproducible; run again to go on from what it gives now
                """)
        let third = try await workplace.run(settings: ["read.amount=2"])
        #expect(third.outcomes == ["made ran", "read ran"])
        #expect(try workplace.values(third, "read") == [4])
    }

    @Test("a blob that no result of the plan names cannot be made again: the run says so")
    func nobodyMadeIt() async throws {
        let workplace = try Workplace(
            """
            stages:
              made: {stage: load, params: {declares: false}}
              weighed: {stage: weigh, inputs: {cargo: made}}
            """)
        try await workplace.run()
        let path = workplace.blob("weights")
        try workplace.flipBit(of: path, at: 0.5)
        let second = try await workplace.run(settings: ["weighed.factor=2"])
        #expect(second.outcomes == ["made cached", "weighed failed"])
        #expect(second.report.stages.last?.failure == .store)
        let found = ContentDigest(hashing: Array(try Data(contentsOf: path)))
        #expect(
            second.outcome("weighed")?.message == """
                stage 'weighed' cannot read '\(path.path)': it hashes to '\(found.short)', and no stage of this plan \
                makes it; run the pipeline that made it, or restore the file
                """)
    }

    @Test("what is damaged again after it was made again ends the run, which does not go round in circles")
    func damagedAgain() async throws {
        let workplace = try Workplace(Self.chain)
        let path = try workplace.object(#require(try await workplace.run().digest("first")))
        let outcome = try await workplace.run(settings: ["second.amount=2"]) { event in
            if case .stageStarted("second", _) = event { try? workplace.flipBit(of: path, at: 0.5) }
        }
        #expect(outcome.outcomes == ["first ran", "second failed", "third skipped"])
        #expect(outcome.started == ["second", "first", "second"])
        #expect(outcome.report.stages[1].failure == .store)
        #expect(
            outcome.outcome("second")?.message?.hasSuffix(
                ", although it was made again in this run; check the disk") == true)
        #expect(try await workplace.run(settings: ["second.amount=2"]).report.counts.ran == 3)
    }

    @Test("a stage is run again once in a run: what is damaged after that is not mended, and the run still ends")
    func otherFileOfTheSameStage() async throws {
        let workplace = try Workplace(
            """
            stages:
              made: {stage: load}
              first: {stage: weigh, inputs: {cargo: made}}
              second: {stage: carry, inputs: {cargo: made}}
            """)
        let cargo = try workplace.object(#require(try await workplace.run().digest("made", "cargo")))
        try workplace.flipBit(of: workplace.blob("weights"), at: 0.5)
        let once = Once()
        let outcome = try await workplace.run(
            settings: ["first.factor=2"], options: RunOptions(cores: 1, keepsGoing: true, forced: ["second"])
        ) { event in
            // Reads the rows, which the stage that was run again has just written.
            guard case .stageStarted("second", _) = event, once.isFirst else { return }
            try? workplace.flipBit(of: cargo, at: 0.5)
        }
        // 'first' stumbled over the blob before; now both stumble over the rows.
        #expect(outcome.outcomes == ["made ran", "first failed", "second failed"])
        #expect(outcome.report.stages.dropFirst().allSatisfy { $0.failure == .store })
        #expect(outcome.started.count { $0 == "made" } == 1)
    }

    @Test("the copy of a source that is damaged under its reader is copied again")
    func source() async throws {
        let workplace = try Workplace("sources: {s: {path: a.txt}}\nstages: {r: {stage: read, inputs: {file: s}}}")
        try workplace.write("4\n5\n", to: "a.txt")
        let once = Once()
        let outcome = try await workplace.run { event in
            guard case .stageStarted("r", _) = event, once.isFirst else { return }
            try? workplace.flipBit(of: workplace.blob("4\n5\n"), at: 0.5)
        }
        #expect(outcome.outcomes == ["r ran"])
        #expect(try workplace.values(outcome, "r") == [4, 5])
        #expect(outcome.warnings.first?.hasSuffix("; the sources are copied again") == true)
    }
}

extension Workplace {
    /// The file of an artifact with rows.
    func object(_ digest: ContentDigest) throws -> URL {
        folder.appending(path: "store/objects/sha256/\(digest.hex.prefix(2))/\(digest.hex).jsonl.zst")
    }

    /// The file of the blob that holds `text`.
    func blob(_ text: String) -> URL {
        let digest = ContentDigest(hashing: Array(text.utf8)).hex
        return folder.appending(path: "store/blobs/sha256/\(digest.prefix(2))/\(digest)")
    }

    /// Flips a bit of the file.
    /// - Parameter place: from 0, the first byte, to 1, the last one.
    func flipBit(of file: URL, at place: Double) throws {
        var bytes = try Data(contentsOf: file)
        bytes[Int(place * Double(bytes.count - 1))] ^= 1
        try FileManager.default.removeItem(at: file)
        try bytes.write(to: file)
    }

    /// The names of the files that were put aside.
    func quarantined() throws -> [String] {
        let path = folder.appending(path: "store/quarantine").path
        return FileManager.default.fileExists(atPath: path)
            ? try FileManager.default.contentsOfDirectory(atPath: path).sorted() : []
    }
}
