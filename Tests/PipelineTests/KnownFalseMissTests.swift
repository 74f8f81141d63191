import Artifacts
import Foundation
import Pipeline
import Testing

/// Each known way in which pipeline systems have computed again what they had, with its reference.
///
/// Held elsewhere: the environment, the working folder and the locale (Bazel #3847, #2574): `SmokeLoopChangeTests`.
///
/// Not applicable: a hash that normalised and was migrated away from (DVC #9580), since digests are those of the bytes
/// (`golden` of `StageKeyTests` holds the form of keys); one version of all code, whose change marks the world stale
/// (Dagster #25719), since each kind of stage has its own.
@Suite("Runs that others made needlessly")
struct KnownFalseMissTests {
    static let diamond = ExecutorTests.diamond

    @Test(
        """
        comments, key order, exec, spelled-out defaults, quotes, names and order of stages run nothing \
        (Snakemake #1677, #2212; Nextflow #1408)
        """,
        arguments: [
            diamond + "\n# a comment\n",
            diamond.replacingOccurrences(of: "params: {amount: 10}", with: "params: {amount: '10'}"),
            diamond.replacingOccurrences(
                of: "{stage: constant}", with: "{params: {values: [1, 2, 3]}, stage: constant}"),
            diamond.replacingOccurrences(of: "pipeline: diamond", with: "pipeline: another"),
            diamond.replacingOccurrences(
                of: "{stage: constant}",
                with: "{stage: constant, exec: {threads: 2, shards: 7, memory: 1GiB, retries: 2, timeout: 1h}}"),
            diamond.replacingOccurrences(of: "seed: 1", with: "seed: 2"),
            """
            stages:
              other: {stage: constant}
              right: {stage: constant, params: {values: [4, 5]}}
              rest: {stage: modulo, inputs: {numbers: right}}
              more: {stage: add, inputs: {numbers: other}, params: {amount: 10}}
              sum: {stage: sum, inputs: {terms: [more, rest]}}
              end: {stage: add, inputs: {numbers: sum.total}}
            """,
        ])
    func cosmetics(plan: String) async throws {
        let workplace = try Workplace()
        try await workplace.run(Self.diamond)
        let outcome = try await workplace.run(plan)
        #expect(outcome.started.isEmpty)
        #expect(outcome.report.counts.cached == 6)
    }

    @Test(
        "the time of a file is no evidence, of a source or of the pipeline file (Nextflow 'lenient', Snakemake #3456)"
    )
    func times() async throws {
        let workplace = try Workplace(
            "sources: {s: {path: a.txt}}\nstages: {r: {stage: read, inputs: {file: s}}}")
        try workplace.write("4\n", to: "a.txt")
        try await workplace.run()
        for name in ["a.txt", "plan.yaml"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 4e9)], ofItemAtPath: workplace.path(name))
        }
        #expect(try await workplace.run().outcomes == ["r cached"])
    }

    @Test("another path to the same bytes runs nothing (Nextflow #5439)")
    func paths() async throws {
        let plan = "sources: {file: {path: data/numbers.txt}}\nstages: {read: {stage: read, inputs: {file: file}}}"
        let workplace = try Workplace(plan)
        try workplace.write("4\n5\n", to: "data/numbers.txt")
        try await workplace.run()
        try workplace.write("4\n5\n", to: "elsewhere.txt")
        let moved = plan.replacingOccurrences(of: "data/numbers", with: "elsewhere")
        #expect(try await workplace.run(moved).started.isEmpty)
    }

    @Test("the order in which a table of parameters is written does not matter (Nextflow #5527, pypsa-earth #1745)")
    func tableOrder() throws {
        let keys = try ["{a: 1, b: 2, c: 3}", "{c: 3, a: 1, b: 2}"].map {
            try KeyProbe.key("scale", params: "{weights: \($0)}", inputs: ["numbers": [KeyProbe.one]])
        }
        #expect(keys[0] == keys[1])
    }

    @Test("inputs come in the order of the file, whichever was made first (Nextflow #1983, #3005)")
    func completionOrder() async throws {
        // 'slow' ends only once 'quick' has: it needs it. In the list it stands first all the same.
        let plan = """
            stages:
              quick: {stage: constant, params: {values: [1]}}
              slow: {stage: add, inputs: {numbers: quick}}
              all: {stage: sum, inputs: {terms: [slow, quick]}}
            """
        let workplace = try Workplace(plan)
        let first = try await workplace.run()
        #expect(try workplace.values(first, "all", "total") == [2, 1])
        #expect(try await workplace.run(options: RunOptions(cores: 1, jobs: 1)).started.isEmpty)
    }

    @Test("a result that took several attempts is found under the same key (Nextflow #591, #6882, #6884)")
    func attempts() async throws {
        let plan = "stages: {shaky: {stage: fragile, params: {tag: same-key}, exec: {retries: 2}}}"
        let workplace = try Workplace(plan)
        Trouble.cause("same-key", times: 2)
        let first = try await workplace.run()
        #expect(first.outcomes == ["shaky ran"])
        #expect(try await workplace.run().outcomes == ["shaky cached"])
        #expect(first.report.stages[0].key == (try await Workplace(plan).run().report.stages[0].key))
    }

    @Test("how a stage runs is in no key (Snakemake #3675, Nextflow #7663)")
    func execution() throws {
        let plain = try KeyProbe.key("add", inputs: ["numbers": [KeyProbe.one]])
        let other = try KeyProbe.key(
            "add",
            extra: ", exec: {threads: 9, cpus: 2, shard_size: 3, batch: 4, memory: 3GiB, retries: 5, timeout: 2h}",
            inputs: ["numbers": [KeyProbe.one]])
        #expect(plain == other)
    }

    @Test("the seed is in no key of a stage that draws nothing")
    func seed() throws {
        let keys = try ["1", "2"].map { try KeyProbe.key("add", inputs: ["numbers": [KeyProbe.one]], seed: $0) }
        #expect(keys[0] == keys[1])
    }

    @Test("whether results are read or written is in no key")
    func cachePolicy() throws {
        let keys = try ["", ", cache: false", ", cache: {read: false}"].map {
            try KeyProbe.key("add", extra: $0, inputs: ["numbers": [KeyProbe.one]]).digest
        }
        #expect(Set(keys).count == 1)
    }
}
