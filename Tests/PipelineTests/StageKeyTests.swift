import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Stage keys")
struct StageKeyTests {
    static let one = ContentDigest(hashing: Array("one".utf8))
    static let two = ContentDigest(hashing: Array("two".utf8))

    private func key(
        _ stage: String, params: String = "{}", extra: String = "", inputs: [String: [ContentDigest]],
        machine: String? = nil, seed: String = "3"
    ) throws -> StageKey {
        let names =
            ["add", "scale", "modulo"].contains(stage) ? "{numbers: c}" : stage == "sum" ? "{terms: c}" : "{}"
        let plan = try Workplace(
            """
            seed: \(seed)
            stages:
              c: {stage: constant}
              x: {stage: \(stage), inputs: \(names), params: \(params)\(extra)}
            """
        ).load()
        return try StageKey(of: #require(plan.stage(named: "x")), inputs: inputs, machine: machine)
    }

    @Test("the preimage holds what can change the result and nothing else (distilabel: no inputs, no code)")
    func preimage() throws {
        let preimage = try key("add", inputs: ["numbers": [Self.one]]).preimage
        let expected = """
            {"inputs":{"numbers":"\(Self.one.hex)"},"kind":"add","numerics":"exact","params":{"amount":1},\
            "salt":"","version":3}
            """
        #expect(try CanonicalJSON.text(preimage) == expected)
        #expect(try key("add", inputs: ["numbers": [Self.two]]).preimage != preimage)
        let drawn = try key("draw", inputs: [:]).preimage
        #expect(
            try CanonicalJSON.text(drawn)
                == #"{"inputs":{},"kind":"draw","numerics":"exact","params":{},"salt":"","seed":3,"version":1}"#)
    }

    @Test("the digest is SHA-256 of 'stage-key/1', a line end and the canonical preimage")
    func digest() throws {
        let key = try key("add", inputs: ["numbers": [Self.one]])
        let bytes = Array("stage-key/1\n".utf8) + (try CanonicalJSON.encode(key.preimage))
        #expect(key.digest == ContentDigest(hashing: bytes))
    }

    /// Written down so that a change of the encoding, which would disown every store, cannot happen unseen. They
    /// were made with another program, from the texts that `preimage` above spells out.
    @Test("golden digests")
    func golden() throws {
        #expect(
            try key("draw", inputs: [:]).digest.hex
                == "04bbd244d6e795823c25ac077f3bde5348c64a53ab3fde77a5f0812ee18814ce")
        #expect(
            try key("add", inputs: ["numbers": [Self.one]]).digest.hex
                == "4899d1057abe804549b3d61fa0a7d8389a1f28b60f6be99081402ee5ed5310fb")
        #expect(SeedPath(root: 20_240_118).child("sample", "row", "0").key == 0xee1ca573534de8dc)
    }

    // MARK: Results that others reused wrongly (reference in each)

    @Test("swapping the values of two parameters is another key (Snakemake hashes values without names)")
    func swappedParameters() throws {
        let a = try key("scale", params: "{bounds: {low: 1, high: 2}}", inputs: ["numbers": [Self.one]])
        let b = try key("scale", params: "{bounds: {low: 2, high: 1}}", inputs: ["numbers": [Self.one]])
        #expect(a.digest != b.digest)
    }

    @Test("swapping or repeating inputs of a list is another key (Snakemake sorts the digests)")
    func orderedInputs() throws {
        let keys = try [[Self.one, Self.two], [Self.two, Self.one], [Self.one], [Self.one, Self.one]].map {
            try key("sum", inputs: ["terms": $0]).digest
        }
        #expect(Set(keys).count == 4)
    }

    @Test("the same artifact at another port is another key")
    func namedInputs() throws {
        let a = try key("sum", inputs: ["terms": [Self.one, Self.two]])
        let b = try key("sum", inputs: ["terms": [Self.one], "extra": [Self.two]])
        #expect(a.digest != b.digest)
    }

    @Test("another shape of the same words is another key (Nextflow #4916; separators in distilabel)")
    func shapes() throws {
        let keys = try [
            "{steps: [1, 2]}", "{steps: [12]}", "{weights: {a: 1, b: 2}}", "{weights: {a.b: 12}}", "{label: '1-2'}",
            "{note: '1-2'}", "{}",
        ].map { try key("scale", params: $0, inputs: ["numbers": [Self.one]]).digest }
        #expect(Set(keys).count == keys.count)
    }

    @Test("nil, absent text and empty text: a default spelled out is the same key, an empty text is not nil")
    func defaults() throws {
        let plain = try key("scale", inputs: ["numbers": [Self.one]]).digest
        #expect(try key("scale", params: "{note: null, factor: 2}", inputs: ["numbers": [Self.one]]).digest == plain)
        #expect(try key("scale", params: "{factor: 2.00e0}", inputs: ["numbers": [Self.one]]).digest == plain)
        #expect(try key("scale", params: "{note: ''}", inputs: ["numbers": [Self.one]]).digest != plain)
    }

    @Test("a salt disowns a result")
    func salt() throws {
        let a = try key("add", inputs: ["numbers": [Self.one]])
        let b = try key("add", extra: ", salt: poisoned", inputs: ["numbers": [Self.one]])
        #expect(a.digest != b.digest)
        #expect(KeyDifference(from: a.preimage, to: b.preimage).reasons == [.saltChanged(old: "", new: "poisoned")])
    }

    // MARK: Runs that others made needlessly

    @Test("threads, shards, batches, memory and retries are in no key (Snakemake #3675, Nextflow #7663)")
    func execution() throws {
        let a = try key("add", inputs: ["numbers": [Self.one]])
        let b = try key(
            "add", extra: ", exec: {threads: 9, shard_size: 3, batch: 4, memory: 3GiB, retries: 5}",
            inputs: ["numbers": [Self.one]])
        #expect(a == b)
    }

    @Test("the seed is in no key of a stage that draws nothing")
    func seed() throws {
        let keys = try ["1", "2"].map { try key("add", inputs: ["numbers": [Self.one]], seed: $0) }
        #expect(keys[0] == keys[1])
    }

    @Test("the machine enters keys of float work, and only when asked for")
    func machine() throws {
        let exact = try key("add", inputs: ["numbers": [Self.one]])
        #expect(try key("add", inputs: ["numbers": [Self.one]], machine: "zen4").digest == exact.digest)
        let float = try key("scale", inputs: ["numbers": [Self.one]])
        #expect(float.preimage["numerics"] == "f32;kernels=2")
        let strict = try key("scale", inputs: ["numbers": [Self.one]], machine: "zen4")
        #expect(strict.preimage["numerics"] == "f32;kernels=2;machine=zen4")
    }

    // MARK: Differences

    @Test("every difference between two keys is named, with its path and values")
    func differences() throws {
        let old: JSONValue = [
            "version": 1, "params": ["a": 1, "list": [1, 2], "gone": true], "inputs": ["in": .string(Self.one.hex)],
            "seed": 1, "numerics": "exact", "salt": "",
        ]
        let new: JSONValue = [
            "version": 2, "params": ["a": 1.0, "list": [1, 3], "new": "x"], "inputs": ["in": .string(Self.two.hex)],
            "seed": 2, "numerics": "f32;kernels=1", "salt": "s",
        ]
        #expect(
            KeyDifference(from: old, to: new).reasons == [
                .stageVersionChanged(old: 1, new: 2),
                .parameterChanged(path: "a", old: 1, new: 1.0),
                .parameterChanged(path: "gone", old: true, new: nil),
                .parameterChanged(path: "list.1", old: 2, new: 3),
                .parameterChanged(path: "new", old: nil, new: "x"),
                .inputChanged(port: "in", old: [Self.one], new: [Self.two]),
                .seedChanged(old: 1, new: 2),
                .numericsChanged(old: "exact", new: "f32;kernels=1"),
                .saltChanged(old: "", new: "s"),
            ])
    }

    @Test(
        "reasons in words",
        arguments: [
            (MissReason.neverRan, "never ran"),
            (.parameterChanged(path: "samples", old: 3, new: 5), "parameter 'samples' changed from 3 to 5"),
            (.parameterChanged(path: "note", old: nil, new: "x"), "parameter 'note' is new, with \"x\""),
            (.inputChanged(port: "extra", old: [], new: [one]), "input 'extra' is new, with \(one.short)"),
            (.stageVersionChanged(old: 1, new: 2), "the stage's version changed from 1 to 2"),
            (.outputMissing(port: "pairs"), "output 'pairs' is missing from the store"),
        ])
    func words(reason: MissReason, text: String) {
        #expect(reason.description == text)
    }

    @Test("a child's child is the child by both names, and no two paths share a key")
    func seedPaths() {
        let root = SeedPath(root: 1)
        #expect(root.child("a", "b") == root.child("a").child("b"))
        let keys = [
            root.child("ab").key, root.child("a", "b").key, root.child("a", "b", "").key, root.child("", "ab").key,
            SeedPath(root: 2).child("ab").key,
        ]
        #expect(Set(keys).count == keys.count)
    }
}
