import Artifacts
import Foundation
import Pipeline
import Testing

/// Each known way in which pipeline systems have reused a result that was not the one asked for, with its reference.
///
/// Held elsewhere:
/// - A changed helper function (redun #99): the digests of `GoldenDigestTests` and the golden tests of single stages; and
///   `--strict-code`, below.
/// - A full disk taken for success (Bazel #6126): `SmokeLoopFullDiskTests`.
/// - Outputs that changed on disk (Cromwell #1964, #3044): `HealingTests`, and `missingObject` of `ExecutorTests`.
///
/// Not applicable: a job's number used again (submitit #1660); nothing here is submitted to a scheduler.
@Suite("Results that others reused wrongly")
struct KnownFalseHitTests {
    private let one = KeyProbe.one
    private let two = KeyProbe.two

    private func scaleKey(_ params: String) throws -> ContentDigest {
        try KeyProbe.key("scale", params: params, inputs: ["numbers": [one]]).digest
    }

    // MARK: What a key holds

    @Test("another shape of the same words is another key (Nextflow #4916; separators in distilabel)")
    func shapes() throws {
        let keys = try [
            "{steps: [1, 2]}", "{steps: [12]}", "{weights: {a: 1, b: 2}}", "{weights: {a.b: 12}}", "{label: '1-2'}",
            "{note: '1-2'}", "{}",
        ].map(scaleKey)
        #expect(Set(keys).count == keys.count)
    }

    @Test("nil, absent text and empty text: a default spelled out is the same key, an empty text is not nil")
    func defaults() throws {
        let plain = try scaleKey("{}")
        #expect(try scaleKey("{note: null, factor: 2}") == plain)
        #expect(try scaleKey("{factor: 2.00e0}") == plain)
        #expect(try scaleKey("{note: ''}") != plain)
    }

    @Test("swapping the values of two parameters is another key (Snakemake hashes values without names)")
    func swappedParameters() throws {
        #expect(try scaleKey("{bounds: {low: 1, high: 2}}") != scaleKey("{bounds: {low: 2, high: 1}}"))
    }

    @Test("swapping or repeating inputs of a list is another key (Snakemake sorts the digests)")
    func orderedInputs() throws {
        let keys = try [[one, two], [two, one], [one], [one, one]].map {
            try KeyProbe.key("sum", inputs: ["terms": $0]).digest
        }
        #expect(Set(keys).count == 4)
    }

    @Test("the same artifact at another port is another key")
    func namedInputs() throws {
        let a = try KeyProbe.key("sum", inputs: ["terms": [one, two]])
        let b = try KeyProbe.key("sum", inputs: ["terms": [one], "extra": [two]])
        #expect(a.digest != b.digest)
    }

    @Test("a salt disowns a result: that of the file, or of one stage (Bazel's REAPI)")
    func salt() throws {
        let inputs = ["numbers": [one]]
        let plain = try KeyProbe.key("add", inputs: inputs)
        let own = try KeyProbe.key("add", extra: ", salt: poisoned", inputs: inputs)
        #expect(plain.digest != own.digest)
        #expect(
            KeyDifference(from: plain.preimage, to: own.preimage).reasons == [.saltChanged(old: "", new: "poisoned")])
        #expect(try KeyProbe.key("add", inputs: inputs, salt: "poisoned") == own)
        #expect(try KeyProbe.key("add", extra: ", salt: ''", inputs: inputs, salt: "poisoned") == plain)
    }

    @Test("what computes enters the key where the user asks for it (Bazel #4558)")
    func tools() throws {
        let strict = [
            KeyStrictness(), KeyStrictness(machine: "zen4;avx2"), KeyStrictness(machine: "zen4;avx2+avx512f"),
            KeyStrictness(code: one), KeyStrictness(code: two),
        ]
        let keys = try strict.map { try KeyProbe.key("scale", inputs: ["numbers": [one]], strictness: $0).digest }
        #expect(Set(keys).count == strict.count)
    }

    // MARK: What a run takes for what was asked

    @Test("the key comes from the file as it is now, whatever the runs before it recorded (DVC #3918, #3947)")
    func editedFile() async throws {
        let workplace = try Workplace()
        try await workplace.run("stages: {n: {stage: constant, params: {values: [1]}}}")
        let second = try await workplace.run("stages: {n: {stage: constant, params: {values: [2]}}}")
        #expect(second.started == ["n"])
        #expect(try workplace.values(second, "n") == [2])
    }

    @Test("a value that a part is given is a parameter like any other (Snakemake #3895)")
    func partValue() async throws {
        let workplace = try Workplace()
        try workplace.write(
            "parameters: [by]\nstages: {c: {stage: constant}, n: {stage: add, inputs: {numbers: c}, params: {amount: '${by}'}}}",
            to: "part.yaml")
        try await workplace.run("include: [{file: part.yaml, as: p, with: {by: 1}}]")
        let second = try await workplace.run("include: [{file: part.yaml, as: p, with: {by: 2}}]")
        #expect(second.started == ["p.n"])
        #expect(second.decision("p.n") == .miss(.parameterChanged(path: "amount", old: 1, new: 2)))
    }

    @Test("a stage sees its source by its content alone: no name that is in no key (Nextflow #4106)")
    func namelessSource() async throws {
        let workplace = try Workplace("sources: {s: {path: a.txt}}\nstages: {r: {stage: read, inputs: {file: s}}}")
        try workplace.write("4\n", to: "a.txt")
        try await workplace.run()
        let digest = ContentDigest(hashing: Array("4\n".utf8))
        let inputs = StageInputs(
            store: try workplace.store(),
            connections: [
                "file": [
                    ArtifactReference(
                        digest: digest, schema: ArtifactReference.blobSchema, rows: 0, bytes: 2, storedBytes: 2)
                ]
            ])
        #expect(try inputs.blob("file").lastPathComponent == digest.hex)
    }

    @Test("'cache: false' computes each time and leaves what follows alone (DVC #4551)")
    func uncached() async throws {
        let plan = """
            stages:
              always: {stage: constant, cache: false}
              then: {stage: add, inputs: {numbers: always}}
            """
        let workplace = try Workplace()
        let first = try await workplace.run(plan)
        let second = try await workplace.run(plan)
        #expect(first.started == ["always", "then"])
        #expect(second.started == ["always"])
        #expect(second.decision("always") == .miss(.cachingOff))
        // Nothing was recorded either: a cached twin has to compute.
        let twin = try await workplace.run(plan.replacingOccurrences(of: ", cache: false", with: ""))
        #expect(twin.started == ["always"])
    }

    @Test("a record that lacks an output of the stage is no result of it, and is replaced (DVC #5182)")
    func recordWithoutOutput() async throws {
        let workplace = try Workplace("stages: {n: {stage: constant}}")
        let plan = try workplace.load()
        let key = try StageKey(of: #require(plan.stage(named: "n")), inputs: [:])
        let store = try workplace.store()
        let claim = try #require(try store.claim(key.digest))
        try store.commit(
            StageRecord(
                key: key.digest, preimage: key.preimage, kind: "constant", stageName: "n", pipeline: "plan",
                outputs: [:], createdAt: "2024-01-18T10:11:12Z"), claim: claim)
        claim.release()
        let outcome = try await workplace.run()
        #expect(outcome.decision("n") == .miss(.outputMissing(port: "numbers")))
        #expect(try workplace.values(outcome, "n") == [1, 2, 3])
        #expect(outcome.warnings.isEmpty)
        #expect(try await workplace.run().outcomes == ["n cached"])
    }

    @Test("a stage that forgets an output fails and is not recorded (Bazel #14543, #4276)")
    func forgottenOutput() async throws {
        let workplace = try Workplace("stages: {lazy: {stage: fragile, params: {fault: forget}}}")
        for _ in 0..<2 {
            #expect(
                try await workplace.run().outcome("lazy")
                    == .failed(message: "stage 'lazy' ended without its output 'numbers'"))
        }
    }

    @Test(
        "a source that changes between its hashing and its use is refused, not used under the old key (Bazel #3360)")
    func changedMeanwhile() async throws {
        let workplace = try Workplace("sources: {s: {path: a.txt}}\nstages: {r: {stage: read, inputs: {file: s}}}")
        try workplace.write("4\n", to: "a.txt")
        let events = EventList()
        let executor = try Executor(plan: workplace.load(), store: workplace.store(), options: RunOptions(cores: 2)) {
            events.append($0)
            // Hashed by now, and not yet copied.
            if case .stagePlanned = $0 { try? workplace.write("5\n", to: "a.txt") }
        }
        let message = try #require(try await executor.run().stages.first?.outcome.message)
        let (old, new) = (ContentDigest(hashing: Array("4\n".utf8)), ContentDigest(hashing: Array("5\n".utf8)))
        #expect(message.contains("has sha256 '\(new)', not '\(old)'"))
        #expect(try workplace.store().artifacts().isEmpty)
        #expect(try await workplace.run().outcomes == ["r ran"])
    }

    @Test("bytes are hashed as they are: another line end is another content (DVC #992, #4658)")
    func lineEnds() async throws {
        let workplace = try Workplace("sources: {s: {path: a.txt}}\nstages: {r: {stage: read, inputs: {file: s}}}")
        try workplace.write("4\n5\n", to: "a.txt")
        try await workplace.run()
        try workplace.write("4\r\n5\n", to: "a.txt")
        #expect(try await workplace.run().started == ["r"])
    }

    @Test("finished shards belong to a key: none is kept for other parameters (datatrove's completion marks)")
    func shardsOfAnotherKey() async throws {
        let plan = "stages: {n: {stage: square, params: {tag: other-key, count: 9}, exec: {shard_size: 3}}}"
        let workplace = try Workplace(plan)
        Trouble.cause("other-key", from: 6)
        #expect(try await workplace.run().shards.count == 2)
        Trouble.end("other-key")
        let other = try await workplace.run(settings: ["n.count=8"])
        #expect(other.shards.map(\.wasKept) == [false, false, false])
        #expect(try await workplace.run().shards.map(\.wasKept) == [true, true, false])
    }
}
