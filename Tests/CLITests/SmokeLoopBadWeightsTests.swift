import Foundation
import TestSupport
import Testing

extension SmokeLoop {
    @Suite("Weight files that are cut short or lie")
    struct BadWeightsTests {
        let place: Workplace

        init() throws {
            place = try Workplace.afterLoop().place
            try place.write(
                """
                sources: {weights: {path: model}}
                stages: {imported: {stage: import-model, inputs: {source: weights}}}

                """, to: "import.yaml")
        }

        @Test(
            "GGUF",
            arguments: [
                ("a wrong beginning", Data("GGML".utf8), "does not start with 'GGUF'"),
                ("a header cut short", Data("GGUF".utf8) + word(3), "file 'model'"),
                ("more tensors than bytes", header(tensors: 1 << 60, keys: 0), "more than the file could hold"),
                ("more keys than bytes", header(tensors: 0, keys: .max), "file 'model'"),
                (
                    "a string longer than the file", header(tensors: 0, keys: 1) + count(1 << 62) + Data(count: 32),
                    "more than the file holds"
                ),
            ])
        func gguf(what: String, bytes: Data, problem: String) throws {
            try bytes.write(to: place.folder.appending(path: "model"))
            try place.expectRefusal(
                of: ["run", "import.yaml"], status: 1, saying: ["imported", "file 'model'", problem])
        }

        /// Bytes of a sound file, as they are to be damaged.
        struct Damage: Sendable, CustomTestStringConvertible {
            let testDescription: String
            var problem: String
            var damage: @Sendable (Data) -> Data
        }

        static let damages = [
            Damage(testDescription: "cut in the data", problem: "outside the 476184 bytes of data") {
                $0.dropLast(1000)
            },
            Damage(testDescription: "cut in the header", problem: "claims a header of") { $0.prefix(100) },
            Damage(testDescription: "cut in the length", problem: "too few for a safetensors header") {
                $0.prefix(5)
            },
            Damage(testDescription: "empty", problem: "holds 0 bytes") { _ in Data() },
            Damage(testDescription: "a header longer than memory", problem: "more than it holds") {
                count(.max) + $0.dropFirst(8)
            },
            Damage(testDescription: "a header that is not JSON", problem: "the header is not JSON: byte 4") {
                $0.prefix(8) + Data("[[[[".utf8) + $0.dropFirst(12)
            },
        ]

        @Test("safetensors", arguments: damages)
        func safetensors(damage: Damage) throws {
            let file = try exportModel()
            try damage.damage(Data(contentsOf: file)).write(to: file)
            try place.expectRefusal(
                of: ["run", "import.yaml"], status: 1,
                saying: ["imported", "model/model.safetensors", damage.problem])
        }

        @Test("weights that changed in the store are refused with status 12, and made again once they are deleted")
        func changedInStore() throws {
            let rows = try place.pipeline.run("artifacts", "cat", "m0.model").stdoutLines
            let row = try #require(rows.first { $0.contains("model.safetensors") })
            let digest = try #require(row.firstMatch(of: #/"digest":"([0-9a-f]{64})"/#)?.1)
            let blob = place.folder.appending(path: "artifacts/blobs/sha256/\(digest.prefix(2))/\(digest)")
            var bytes = try Data(contentsOf: blob)
            bytes[bytes.count / 2] ^= 1
            try FileManager.default.removeItem(at: blob)
            try bytes.write(to: blob)
            let refusal = try place.pipeline.run("export", "m0.model", "--format", "hf", "--out", "model")
            #expect(refusal.status == 12)
            #expect(refusal.stderr.contains("hashes to") && refusal.stderr.contains("delete it, then re-run"))
            let exported = place.folder.appending(path: "model")
            #expect(!FileManager.default.fileExists(atPath: exported.path), "half an export was left behind")
            try FileManager.default.removeItem(at: blob)
            #expect(try place.runLoop(["--until", "m0"]).ran == ["m0"])
            #expect(try place.pipeline.run("export", "m0.model", "--format", "hf", "--out", "model").status == 0)
        }

        @Test("malformed files of others", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
        func golden() throws {
            for file in try malformed("golden/quants/malformed-gguf") {
                try Data(contentsOf: file).write(to: place.folder.appending(path: "model"))
                try place.expectRefusal(of: ["run", "import.yaml"], status: 1, saying: ["imported", "file 'model'"])
            }
            try FileManager.default.removeItem(at: place.folder.appending(path: "model"))
            let weights = try exportModel()
            for file in try malformed("golden/quants/malformed-safetensors") {
                try Data(contentsOf: file).write(to: weights)
                try place.expectRefusal(
                    of: ["run", "import.yaml"], status: 1, saying: ["imported", "model/model.safetensors"])
            }
        }

        /// Puts the smallest model at hand into the folder `model`, and names its weights.
        private func exportModel() throws -> URL {
            try #require(try place.pipeline.run("export", "m0.model", "--format", "hf", "--out", "model").status == 0)
            return place.folder.appending(path: "model/model.safetensors")
        }

        private func malformed(_ folder: String) throws -> [URL] {
            let files = try FileManager.default.contentsOfDirectory(
                at: SharedData.url(folder), includingPropertiesForKeys: nil)
            let damaged = files.filter { $0.pathExtension != "json" && !$0.lastPathComponent.hasPrefix("sound") }
            try #require(damaged.count >= 12)
            return damaged
        }

        private static func header(tensors: UInt64, keys: UInt64) -> Data {
            Data("GGUF".utf8) + word(3) + count(tensors) + count(keys)
        }

        private static func word(_ value: UInt32) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
        private static func count(_ value: UInt64) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
    }
}
