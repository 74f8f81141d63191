import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Stage keys")
struct StageKeyTests {
    private let one = KeyProbe.one
    private let two = KeyProbe.two

    private func key(
        _ stage: String, inputs: [String: [ContentDigest]], strictness: KeyStrictness = KeyStrictness()
    ) throws -> StageKey {
        try KeyProbe.key(stage, inputs: inputs, strictness: strictness)
    }

    @Test("the preimage holds what can change the result and nothing else (distilabel: no inputs, no code)")
    func preimage() throws {
        let preimage = try key("add", inputs: ["numbers": [one]]).preimage
        let expected = """
            {"inputs":{"numbers":"\(one.hex)"},"kind":"add","numerics":"exact","params":{"amount":1},\
            "salt":"","version":3}
            """
        #expect(try CanonicalJSON.text(preimage) == expected)
        #expect(try key("add", inputs: ["numbers": [two]]).preimage != preimage)
        let drawn = try key("draw", inputs: [:]).preimage
        #expect(
            try CanonicalJSON.text(drawn)
                == #"{"inputs":{},"kind":"draw","numerics":"exact","params":{},"salt":"","seed":3,"version":1}"#)
    }

    @Test("the digest is SHA-256 of 'stage-key/1', a line end and the canonical preimage")
    func digest() throws {
        let key = try key("add", inputs: ["numbers": [one]])
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
            try key("add", inputs: ["numbers": [one]]).digest.hex
                == "4899d1057abe804549b3d61fa0a7d8389a1f28b60f6be99081402ee5ed5310fb")
        #expect(SeedPath(root: 20_240_118).child("sample", "row", "0").key == 0xee1ca573534de8dc)
    }

    // MARK: What a user may add

    @Test("the machine enters keys of float work, and only when asked for")
    func machine() throws {
        let strict = KeyStrictness(machine: "zen4")
        let exact = try key("add", inputs: ["numbers": [one]])
        #expect(try key("add", inputs: ["numbers": [one]], strictness: strict).digest == exact.digest)
        let float = try key("scale", inputs: ["numbers": [one]])
        #expect(float.preimage["numerics"] == "float;kernels=2")
        let other = try key("scale", inputs: ["numbers": [one]], strictness: strict)
        #expect(other.preimage["numerics"] == "float;kernels=2;machine=zen4")
        #expect(
            KeyDifference(from: float.preimage, to: other.preimage).reasons.map(\.description)
                == [#"numerics changed from "float;kernels=2" to "float;kernels=2;machine=zen4""#])
    }

    @Test("the program enters every key, and only when asked for")
    func code() throws {
        let plain = try key("add", inputs: ["numbers": [one]])
        #expect(plain.preimage["code"] == nil)
        let first = try key("add", inputs: ["numbers": [one]], strictness: KeyStrictness(code: one))
        let second = try key("add", inputs: ["numbers": [one]], strictness: KeyStrictness(code: two))
        #expect(Set([plain.digest, first.digest, second.digest]).count == 3)
        func words(_ old: StageKey, _ new: StageKey) -> [String] {
            KeyDifference(from: old.preimage, to: new.preimage).reasons.map(\.description)
        }
        #expect(words(plain, first) == ["--strict-code asks for a result of this build, \(one.short)"])
        #expect(
            words(first, second)
                == ["--strict-code asks for a result of this build, \(two.short); there is one of build \(one.short)"]
        )
        #expect(
            words(first, plain) == ["the earlier result counts under --strict-code only, for build \(one.short)"])
    }

    // MARK: Differences

    @Test("every difference between two keys is named, with its path and values")
    func differences() throws {
        let old: JSONValue = [
            "version": 1, "params": ["a": 1, "list": [1, 2], "gone": true], "inputs": ["in": .string(one.hex)],
            "seed": 1, "numerics": "exact", "salt": "",
        ]
        let new: JSONValue = [
            "version": 2, "params": ["a": 1.0, "list": [1, 3], "new": "x"], "inputs": ["in": .string(two.hex)],
            "seed": 2, "numerics": "float;kernels=1", "salt": "s",
        ]
        #expect(
            KeyDifference(from: old, to: new).reasons == [
                .stageVersionChanged(old: 1, new: 2),
                .parameterChanged(path: "a", old: 1, new: 1.0),
                .parameterChanged(path: "gone", old: true, new: nil),
                .parameterChanged(path: "list.1", old: 2, new: 3),
                .parameterChanged(path: "new", old: nil, new: "x"),
                .inputChanged(port: "in", old: [one], new: [two]),
                .seedChanged(old: 1, new: 2),
                .numericsChanged(old: "exact", new: "float;kernels=1"),
                .saltChanged(old: "", new: "s"),
            ])
    }

    @Test(
        "reasons in words",
        arguments: [
            (MissReason.neverRan, "never ran"),
            (.parameterChanged(path: "samples", old: 3, new: 5), "parameter 'samples' changed from 3 to 5"),
            (.parameterChanged(path: "note", old: nil, new: "x"), "parameter 'note' is new, with \"x\""),
            (
                .inputChanged(port: "extra", old: [], new: [KeyProbe.one]),
                "input 'extra' is new, with \(KeyProbe.one.short)"
            ),
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
