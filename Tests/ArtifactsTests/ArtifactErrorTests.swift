import Artifacts
import Foundation
import Testing

@Suite("Error texts")
struct ArtifactErrorTests {
    @Test(
        "say where, what, and what to do",
        arguments: [
            (
                .malformedJSON(.duplicateKey("id"), offset: 7),
                "malformed JSON at byte 7: key 'id' twice in one object"
            ),
            (
                .malformedJSON(.unexpectedByte(0x0A, wanted: "':'"), offset: 3),
                "malformed JSON at byte 3: byte 0x0a where ':' is due"
            ),
            (
                .badRow(row: 3, file: "a.jsonl.zst", cause: .wrongShape(path: "$.text", reason: "it is missing")),
                "row 3 of 'a.jsonl.zst': value at '$.text' does not fit: it is missing"
            ),
            (
                .digestMismatch(path: "o", expected: key("a"), found: key("b")),
                "'o' hashes to '3e23e8160039', not 'ca978112ca1b'; delete it, then re-run to rebuild it"
            ),
            (
                .schemaMismatch(digest: key("a"), stored: "prompt/1", asked: "candidate/1"),
                "artifact 'ca978112ca1b' holds 'prompt/1' rows, not 'candidate/1'; check the stage's inputs"
            ),
            (
                .storeMissing(path: "s"),
                "no artifact store at 's'; run a pipeline first, or name the store with --store"
            ),
            (
                .newerIndex(path: "i", version: 9, supported: 1),
                "index 'i' has version 9, newer than the 1 this program knows; use the newer program"
            ),
            (
                .system(operation: "write", path: "f", code: ENOSPC),
                "cannot write 'f': no space left on device; free some space and run again, finished work is kept"
            ),
            (.system(operation: "open", path: "f", code: ENOENT), "cannot open 'f': no such file or directory"),
        ] as [(ArtifactError, String)])
    func texts(error: ArtifactError, text: String) {
        #expect("\(error)" == text)
    }
}
