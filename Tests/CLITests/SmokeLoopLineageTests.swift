import Foundation
import Testing

extension SmokeLoop {
    // One at a time: each blocks a thread while the program runs, and tests with a time limit need one too.
    @Suite("Where results come from", .serialized)
    struct LineageTests {
        let place: Workplace
        let finished: FinishedLoop

        init() throws { (place, finished) = try Workplace.afterLoop() }

        private func short(_ name: String) -> String { String((finished.digests[name] ?? "").prefix(12)) }

        private func lines(_ arguments: String...) throws -> [String] {
            let result = try place.pipeline.run(["lineage"] + arguments)
            #expect(result.status == 0 && !result.hasControlCodes, "\(result.stderr)")
            return result.stdoutLines.map(String.init)
        }

        @Test("an artifact's tree names ports, rows and digests, up and down")
        func artifactTree() throws {
            #expect(
                try lines("m2.pairs", "--depth", "1") == [
                    "m2.pairs.pairs, preference-pair/2, 16 rows, \(short("m2.pairs.pairs"))",
                    "├─ candidates: m2.candidates.candidates, candidate/2, 48 rows, "
                        + short("m2.candidates.candidates"),
                    "└─ judgements: m2.judgements.judgements, judgement/2, 48 rows, "
                        + short("m2.judgements.judgements"),
                ])
            #expect(
                try lines("latest/seeds/examples").map { $0.prefix { $0 != "," } } == [
                    "seeds.examples", "├─ evaluation-examples: source 'evaluation-examples'",
                    "├─ rubric: source 'rubric'", "└─ trees: source 'seed-trees'",
                ])
            #expect(
                try lines("m3.model.training-log", "--down") == [
                    "m3.model.training-log, training-step/1, 8 rows, \(short("m3.model.training-log"))"
                ])
            let down = try lines("m3.pairs", "--down")
            #expect(
                down.prefix(3) == [
                    "m3.pairs.pairs, preference-pair/2, 16 rows, \(short("m3.pairs.pairs"))",
                    "├─ as pairs: m3.reference.reference-logps, reference-logp/2, 16 rows, "
                        + short("m3.reference.reference-logps"),
                    "│  ├─ as reference-logps: m3.model.model, checkpoint/1, 4 rows, \(short("m3.model.model"))",
                ])
        }

        @Test("a pair is followed to prompt, demonstrations, seeds, responses and verdicts")
        func pairTree() throws {
            let pair = try #require(place.rows("m3.pairs").first)
            let candidates = try place.rows("m3.candidates"), judgements = try place.rows("m3.judgements")
            let prompts = try place.rows("m3.prompts"), examples = try place.rows("seeds.examples")
            func text(_ row: [String: Any], _ member: String) -> String { row[member] as? String ?? "?" }
            func number(_ id: String, _ rows: [[String: Any]], by member: String = "id") -> Int {
                (rows.firstIndex { text($0, member) == id } ?? -1) + 1
            }
            let id = text(pair, "id"), prompt = text(pair, "prompt_id")
            let heads = try lines("m3.pairs", "--row", String(id.prefix(9))).filter {
                $0.hasPrefix("├─ ") || $0.hasPrefix("└─ ") || $0.hasPrefix("preference")
            }
            func response(_ role: String) -> [String] {
                let candidate = text(pair, "\(role)_id")
                let judged = number(candidate, judgements, by: "candidate_id")
                return [
                    "├─ \(role): candidate \(candidate), row \(number(candidate, candidates)) of "
                        + "m3.candidates.candidates",
                    "\(role == "chosen" ? "├" : "└")─ judgement of \(role): judgement "
                        + "\(text(judgements[judged - 1], "id")), row \(judged) of m3.judgements.judgements",
                ]
            }
            #expect(
                heads == [
                    "preference-pair \(id), row 1 of m3.pairs.pairs",
                    "├─ prompt: prompt \(prompt), row \(number(prompt, prompts)) of m3.prompts.prompts",
                ] + response("chosen") + response("rejected"))

            let tree = try lines("m3.pairs", "--row", id)
            for demonstration in try #require(prompts[number(prompt, prompts) - 1]["demonstrations"] as? [String]) {
                guard let seed = examples.first(where: { text($0, "id") == demonstration }) else { continue }
                let row = number(demonstration, examples)
                let head = "─ demonstration: example \(demonstration), row \(row) of seeds.examples"
                #expect(tree.contains { $0.hasSuffix(head) }, "\(head)")
                #expect(tree.contains { $0.hasSuffix("└─ from: source 'seed-trees', tree '\(text(seed, "tree"))'") })
            }
        }

        @Test("the same as JSON: nodes with their rows, and edges from parent to child")
        func pairJSON() throws {
            let pair = try #require(place.rows("m3.pairs").first)
            let id = try #require(pair["id"] as? String)
            for arguments in [["--json"], ["--format", "json"]] {
                let json = try place.pipeline.run(["lineage", "m3.pairs", "--row", id] + arguments).json()
                #expect(json["schema"] as? String == "pipeline.lineage/1")
                #expect(json["direction"] as? String == "up" && json["complete"] as? Bool == true)
                let nodes = try #require(json["nodes"] as? [[String: Any]])
                let edges = try #require(json["edges"] as? [[String: Any]])
                #expect(nodes.first?["id"] as? String == id && nodes.first?["row"] as? Int == 1)
                #expect((nodes.first?["value"] as? [String: Any])?["prompt"] as? String == pair["prompt"] as? String)
                let chosen = try #require(edges.first { $0["role"] as? String == "chosen" })
                let parent = nodes[try #require(chosen["parent"] as? Int)]
                #expect(chosen["child"] as? Int == 0 && parent["id"] as? String == pair["chosen_id"] as? String)
                #expect(parent["artifact"] as? String == "m3.candidates.candidates")
                #expect(!nodes.contains { $0["what"] as? String == "missing" })
            }
        }

        @Test("a pair leads forward to its log-probabilities and the training that read it")
        func forward() throws {
            let id = try #require(place.rows("m3.pairs").first?["id"] as? String)
            let tree = try lines("m3.pairs", "--row", id, "--down").filter {
                $0.contains("─ as ") || !$0.contains("│")
            }
            #expect(
                tree == [
                    "preference-pair \(id), row 1 of m3.pairs.pairs",
                    "├─ as pair: reference-logp \(id), row 1 of m3.reference.reference-logps",
                    "│  └─ as training data: m3.model.model, trained (dpo) on the 16 rows of m3.pairs.pairs",
                    "└─ as training data: m3.model.model (above)",
                ])
            let chart = try lines("m3.pairs", "--row", id, "--down", "--format", "mermaid")
            #expect(
                chart == [
                    "flowchart TD", "    node0[\"preference-pair \(id)<br/>row 1 of m3.pairs.pairs\"]",
                    "    node1[\"reference-logp \(id)<br/>row 1 of m3.reference.reference-logps\"]",
                    "    node2[\"m3.model.model<br/>trained (dpo) on the 16 rows of m3.pairs.pairs\"]",
                    "    node0 -->|pair| node1", "    node0 -->|training data| node2",
                    "    node1 -->|training data| node2",
                ])
        }

        @Test("a judgement of a reply that people ranked leads to its ranking")
        func ranked() throws {
            let judgement = try #require(place.rows("m1.judge-quality.judgements").first)
            let id = try #require(judgement["id"] as? String),
                ranking = try #require(judgement["prompt_id"] as? String)
            let tree = try lines("m1.judge-quality.judgements", "--row", id)
            #expect(tree.contains { $0.contains("candidate: ranking \(ranking), row 1 of seeds.rankings-eval") })
        }

        @Test("a parent that no artifact has is said to be missing, with the file that is gone")
        func missing() throws {
            let digest = try #require(finished.digests["m3.prompts.prompts"])
            let path = try #require(place.storedFiles(in: ["objects"]).first { $0.contains(digest) })
            try FileManager.default.removeItem(at: place.folder.appending(path: "artifacts/\(path)"))
            let pair = try #require(place.rows("m3.pairs").first)
            let id = try #require(pair["id"] as? String), prompt = try #require(pair["prompt_id"] as? String)
            let tree = try lines("m3.pairs", "--row", id)
            #expect(
                tree.contains("├─ prompt: candidate or example or prompt \(prompt), in no artifact of this store"))
            #expect(
                tree.contains(
                    "│     missing from the store: m3.prompts.prompts (\(digest.prefix(12))); re-run to rebuild"))
            let json = try place.pipeline.run("lineage", "m3.pairs", "--row", id, "--json").json()
            let gone = (json["nodes"] as? [[String: Any]])?.first { $0["what"] as? String == "missing" }
            #expect(gone?["id"] as? String == prompt && gone?["lost"] as? [String] == [digest])
        }

        @Test("a way to what stands elsewhere is its name with '(above)' or '(below)'")
        func again() throws {
            let pair = try #require(place.rows("m3.pairs").first)
            let id = try #require(pair["id"] as? String), chosen = try #require(pair["chosen_id"] as? String)
            let prompt = try #require(pair["prompt_id"] as? String)
            let tree = try lines("m3.pairs", "--row", id)
            #expect(tree.filter { $0.hasSuffix("─ prompt: prompt \(prompt) (above)") }.count >= 2)
            #expect(tree.contains { $0.hasSuffix("─ candidate: candidate \(chosen) (above)") })
            #expect(tree.filter { $0.contains("prompt \(prompt), row ") }.count == 1)
            // The nearest place is that of the direct input, which stands behind the one that is made from it.
            let artifacts = try lines("m3.pairs")
            #expect(artifacts.filter { $0.hasSuffix(" (above)") || $0.hasSuffix(" (below)") }.count > 2)
            let json = try place.pipeline.run("lineage", "m3.pairs", "--json").json()
            let edges = try #require(json["edges"] as? [[String: Any]])
            // Every way is shown: one line for the root, and one for each edge, as far as there are few of one role.
            #expect(artifacts.count == edges.count + 1)
        }

        @Test("a depth that leaves something out says how much, and how to see it")
        func depth() throws {
            let near = try place.pipeline.run("lineage", "m2.pairs", "--depth", "1")
            let next = try place.pipeline.run("lineage", "m2.pairs", "--depth", "2", "--json").json()
            let beyond = try #require(next["nodes"] as? [[String: Any]]).count - 3
            #expect(near.status == 0 && near.stderr == "\(beyond) more one step further; --depth 2 shows them\n")
            let json = try place.pipeline.run("lineage", "m2.pairs", "--depth", "1", "--json").json()
            #expect(json["complete"] as? Bool == false)
            let cut = try #require(json["cut"] as? [String: Any])
            #expect(cut["by"] as? String == "depth" && cut["beyond"] as? Int == beyond)
            let all = try place.pipeline.run("lineage", "m2.pairs", "--depth", "100", "--json")
            #expect(try all.json()["complete"] as? Bool == true && all.stderr.isEmpty)
            #expect(try all.json()["cut"] is NSNull)
        }

        @Test("a row is named by number or id, alike in lineage and show")
        func rowNames() throws {
            let id = try #require(place.rows("m3.pairs")[1]["id"] as? String)
            for name in ["2", "#2", id, String(id.prefix(9))] {
                #expect(try lines("m3.pairs", "--row", name)[0] == "preference-pair \(id), row 2 of m3.pairs.pairs")
                let shown = try place.pipeline.run("artifacts", "show", "m3.pairs", "--row", name)
                #expect(shown.status == 0 && shown.stdoutLines.first.map(String.init) == "row 2 · \(id)")
            }
            // Four digits may be a number, or how an id begins; one that is both is neither.
            let ledger = try place.rows("seeds.ledger").compactMap { $0["id"] as? String }
            let both = try #require(
                ledger.first { id in
                    let digits = id.prefix(4)
                    return digits.allSatisfy(\.isWholeNumber) && (1...ledger.count).contains(Int(digits) ?? 0)
                        && ledger.count { $0.hasPrefix(digits) } == 1
                })
            for command in [["lineage"], ["artifacts", "show"]] {
                let number = both.prefix(4)
                let unclear = try place.pipeline.run(command + ["seeds.ledger", "--row", String(number)])
                #expect(unclear.status == 2)
                #expect(
                    unclear.stderr
                        == "error: '\(number)' is the number of a row of 'seeds.ledger', and how the id '\(both)' begins; "
                        + "write '#\(number)', or more of the id\n")
                let beyond = try place.pipeline.run(command + ["m3.pairs", "--row", "#99"])
                #expect(beyond.status == 2)
                #expect(
                    beyond.stderr
                        == "error: rows 99..99 asked of 'm3.pairs.pairs', which holds 16; rows count from 1\n")
                let unknown = try place.pipeline.run(command + ["m3.pairs", "--row", "zzz"])
                #expect(unknown.status == 2 && unknown.stderr.hasPrefix("error: no row 'zzz' in 'm3.pairs.pairs'; "))
            }
        }

        @Test("the row indexes can be deleted, and a store that was rebuilt from its files answers the same")
        func rebuilt() throws {
            let id = try #require(place.rows("m3.pairs").first?["id"] as? String)
            let before = try lines("m3.pairs", "--row", id)
            #expect(place.exists("artifacts/row-index"))
            for name in ["row-index", "index.sqlite"] {
                try FileManager.default.removeItem(at: place.folder.appending(path: "artifacts/\(name)"))
            }
            #expect(try lines("m3.pairs", "--row", id) == before)
        }

        @Test("rows and artifacts that are not there, and rows that name none, are told of")
        func errors() throws {
            func run(_ arguments: String...) throws -> Binary.Result {
                try place.pipeline.run(["lineage"] + arguments)
            }
            let program = Binary.url.path
            let unknown = try run("m3.pairs", "--row", "zzz")
            #expect(unknown.status == 2 && unknown.stdout.isEmpty)
            #expect(
                unknown.stderr
                    == "error: no row 'zzz' in 'm3.pairs.pairs'; '\(program) artifacts show m3.pairs.pairs' shows its "
                    + "rows\n")
            let several = try run("m3.pairs", "--row", "")
            #expect(several.status == 2 && several.stderr.contains("no row ''"))
            let step = try #require(place.rows("m3.model.training-log").first?["id"] as? String)
            let bare = try run("m3.model.training-log", "--row", step)
            #expect(bare.status == 0)
            #expect(
                bare.stderr
                    == "rows of training-step/1 name no rows that they came from; this shows artifacts: \(program) "
                    + "lineage m3.model.training-log\n")
            #expect(try run("m3.pairs", "--up", "--down").status == 2)
            #expect(try run("m3.pairs", "--depth", "0").status == 2)
            #expect(try run("m3.pairs", "--json", "--full").status == 2)
        }
    }
}

extension Workplace {
    /// The rows of an artifact.
    func rows(_ name: String, _ options: String...) throws -> [[String: Any]] {
        let result = try pipeline.run(["artifacts", "cat", name] + options)
        try #require(result.status == 0, "\(result.stderr)")
        return try result.stdoutLines.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }
}
