import Foundation
import Testing

/// Evaluation without a model: two models' outputs from files, exported, dealt to people, and their votes counted.
@Suite("Outputs and votes through the program")
struct InstructionFollowingTests {
    private let place: Workplace

    init() throws {
        place = try Workplace()
        for (file, name) in [("new.json", "new"), ("old.json", "old")] {
            let rows: [[String: String]] = (0..<6).map { index in
                // A text that a page must show, and not run.
                let text = index == 2 ? "<script>alert('\(name)')</script> & =1+1" : "\(name) \(index)"
                return [
                    "instruction": "Question \(index)?", "output": text, "generator": name,
                    "dataset": index < 3 ? "koala" : "vicuna",
                ]
            }
            try JSONSerialization.data(withJSONObject: rows).write(to: place.folder.appending(path: file))
        }
        try place.write(
            """
            pipeline: people
            seed: 3
            sources: {new-file: {path: new.json}, old-file: {path: old.json}}
            stages:
              new: {stage: import-prompts, inputs: {source: new-file}}
              old: {stage: import-prompts, inputs: {source: old-file}}
              packet: {stage: human-packet, inputs: {candidates: new.candidates, baseline: old.candidates}, params: {prompts: 5}}

            """, to: "people.yaml")
        try place.pipeline.run("run", "people.yaml").requireSuccess()
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: place.folder.appending(path: name), encoding: .utf8)
    }

    @Test("responses are exported as AlpacaEval's outputs, with the data set of each instruction")
    func outputs() throws {
        try place.pipeline.run(
            "export", "new.candidates", "--format", "alpaca-eval", "--generator", "mine", "--out", "out.json"
        ).requireSuccess()
        let rows = try #require(
            try JSONSerialization.jsonObject(with: Data(try text("out.json").utf8)) as? [[String: String]])
        #expect(rows.count == 6 && rows.allSatisfy { $0["generator"] == "mine" && $0["datasplit"] == "eval" })
        #expect(rows.map { $0["instruction"] } == (0..<6).map { "Question \($0)?" })
        #expect(rows.map { $0["dataset"] } == ["koala", "koala", "koala", "vicuna", "vicuna", "vicuna"])
        #expect(rows[1]["output"] == "new 1")
        #expect(Set(rows[0].keys) == ["instruction", "output", "generator", "dataset", "datasplit"])
        // What was written is read again, as the same responses.
        try place.write(
            """
            pipeline: again
            sources: {out: {path: out.json}}
            stages: {new: {stage: import-prompts, inputs: {source: out}}}

            """, to: "again.yaml")
        let digests = try ["new.candidates", "again"].map { name in
            if name == "again" { try place.pipeline.run("run", "again.yaml").requireSuccess() }
            return try place.pipeline.run("artifacts", "cat", "new.candidates").stdout
        }
        #expect(digests[0] == digests[1] && !digests[0].isEmpty)
    }

    @Test("an export of other rows, or onto a file, is refused in words")
    func refused() throws {
        let schema = try place.pipeline.run("export", "new.prompts", "--format", "alpaca-eval", "--out", "o.json")
        #expect(
            schema.status == 2 && schema.stderr.contains("and alpaca-eval needs 'candidate/2'"), "\(schema.stderr)")
        let packet = try place.pipeline.run("export", "new.candidates", "--format", "human-packet", "--out", "p")
        #expect(packet.status == 2 && packet.stderr.contains("and human-packet needs 'ballot/1'"), "\(packet.stderr)")
        try place.write("mine", to: "o.json")
        let taken = try place.pipeline.run("export", "new.candidates", "--format", "alpaca-eval", "--out", "o.json")
        #expect(taken.status == 2 && taken.stderr == "error: 'o.json' exists; name another file\n")
        #expect(try text("o.json") == "mine")
        let name = try place.pipeline.run(
            "export", "packet", "--format", "human-packet", "--generator", "x", "--out", "p")
        #expect(name.status == 2 && name.stderr.contains("--generator goes with --format alpaca-eval"))
    }

    @Test("raters' pages name no model, run nothing of an answer, and ask for nothing from outside")
    func pages() throws {
        try place.pipeline.run("export", "packet", "--format", "human-packet", "--out", "packet").requireSuccess()
        for rater in 1...3 {
            let page = try text("packet/raters/rater-\(rater).html")
            #expect(page.components(separatedBy: "<section").count == 6)
            // The answers of these models begin with their names; nothing else may hold them.
            for name in ["candidates", "baseline", "generator"] { #expect(!page.contains(name), "\(name)") }
            #expect(page.components(separatedBy: "<script>").count == 2, "only the page's own script")
            #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("src="))
            #expect(try text("packet/raters/rater-\(rater).csv").hasPrefix("ballot,number,vote\r\n"))
        }
        let key = try text("packet/key.csv").split(whereSeparator: \.isNewline).map(String.init)
        #expect(key.count == 16 && key[0].hasPrefix("ballot,rater,number,prompt_id,answer_1,answer_2,"))
        let first = try text("packet/raters/rater-1.html")
        try place.pipeline.run("export", "packet", "--format", "human-packet", "--out", "again").requireSuccess()
        #expect(try text("again/raters/rater-1.html") == first && text("again/key.csv") == text("packet/key.csv"))
    }

    @Test("forms that are filled in come back as wins of the model that was meant")
    func votes() throws {
        try place.pipeline.run("export", "packet", "--format", "human-packet", "--out", "packet").requireSuccess()
        let key = try text("packet/key.csv").split(whereSeparator: \.isNewline).dropFirst().map {
            $0.split(separator: ",").map(String.init)
        }
        let newIsFirst = Dictionary(uniqueKeysWithValues: key.map { ($0[0], $0[4] == "candidates") })
        for rater in 1...3 {
            let name = "packet/raters/rater-\(rater).csv"
            let lines = try text(name).split(whereSeparator: \.isNewline).map(String.init)
            let filled = try lines.dropFirst().map { line in
                let isFirst = try #require(newIsFirst[String(line.prefix { $0 != "," })] as Bool?)
                return line + (isFirst ? "1" : "2")
            }
            try place.write(([lines[0]] + filled).joined(separator: "\n"), to: "rater-\(rater).csv")
        }
        let plan = try text("people.yaml")
        try place.write(
            plan.replacing(
                "old-file: {path: old.json}}",
                with: """
                    old-file: {path: old.json}, v1: {path: rater-1.csv}, v2: {path: rater-2.csv}, v3: {path: rater-3.csv}}
                    """)
                + "  people: {stage: human-votes, inputs: {ballots: packet, votes: [v1, v2, v3]}}\n", to: "votes.yaml"
        )
        try place.pipeline.run("run", "votes.yaml").requireSuccess()
        let rows = try place.pipeline.run("artifacts", "cat", "people.measurements").stdoutLines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        func value(_ name: String) -> Double? {
            rows.first { $0["name"] as? String == name }?["value"] as? Double
        }
        #expect(value("win_rate") == 1 && value("rater_agreement") == 1 && value("losses") == 0)
        #expect(try place.pipeline.run("artifacts", "cat", "people.verdicts").stdoutLines.count == 5)
    }
}
