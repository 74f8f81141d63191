import Foundation
import Model
import TestSupport
import Testing

@Suite("JSON of model files")
struct JSONNodeTests {
    private func fault(_ text: String) -> JSONSyntaxError? {
        do throws(JSONSyntaxError) {
            _ = try JSONNode.parse(Array(text.utf8))
            return nil
        } catch { return error }
    }

    @Test(
        "what the JSON test suite calls valid is read, what it calls invalid is refused",
        .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
    func suite() throws {
        let folder = SharedData.url("json-test-suite/test_parsing")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count > 300)
        for file in files {
            let name = file.lastPathComponent
            // The grammar allows a key twice; a file that names two tensors alike is not to be trusted.
            let isRefused = name.hasPrefix("n_") || name.hasPrefix("y_object_duplicated_key")
            guard isRefused || name.hasPrefix("y_") else { continue }
            let value = try? JSONNode.parse(Array(Data(contentsOf: file)))
            #expect((value == nil) == isRefused, "\(name)")
        }
    }

    @Test("errors say where")
    func places() {
        let duplicate = fault(#"{"a": 1, "a": 2}"#)
        #expect(duplicate?.offset == 9)
        #expect(duplicate?.reason == "the key 'a' appears twice")
        #expect(fault("[1, 2")?.offset == 5)
        #expect(fault("[1, 2")?.reason == "',' or ']' is due")
        #expect(fault(#"["\ud800"]"#)?.reason == "half of a surrogate pair")
        #expect(fault(String(repeating: "[", count: 100_000))?.reason == "nested deeper than 128")
    }

    @Test("members keep their order, and letters that are only canonically equal stay apart")
    func order() throws {
        let text = "{\"e\u{301}\":1,\"\u{E9}\":2,\"a\":[1.5,-0.0,1e+30,true,null,\"\\u0001\\n\"]}"
        #expect(try JSONNode.parse(Array(text.utf8)).encoded(.compact) == Array(text.utf8))
    }
}
