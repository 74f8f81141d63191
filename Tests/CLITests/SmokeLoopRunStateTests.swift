import Foundation
import Testing

extension SmokeLoop {
    @Suite("A run under way, and one that was killed")
    struct RunStateTests {
        @Test("a run is running while its process lives and killed afterwards; looking keeps it from nothing")
        func runningThenKilled() throws {
            let place = try Workplace()
            let watch = RunWatch(place)
            let killed = try place.pipeline.run(["run", SmokeLoop.file], sending: SIGKILL, once: watch.look)
            try #require(killed.status == SIGKILL)
            let run = try #require(watch.run), stage = try #require(watch.stage), during = try #require(watch.seen)

            #expect(during.list.hasPrefix("\(run)  smoke  running  "))
            #expect(during.facts.contains("end       running"))
            #expect(during.facts.contains { $0.hasPrefix("\(stage) ") && $0.contains(" running ") })
            #expect(during.status.contains { $0.hasPrefix("\(stage) ") && $0.hasSuffix("  under way in run \(run)") })
            #expect(during.status.last?.contains(#/ to run \([12] under way\)/#) == true)
            #expect(
                during.error
                    == "error: run '\(run)' is under way and has no summary yet; wait for its end, or name another one\n"
            )
            #expect(during.attempt == ["run": run, "state": "running"])

            let after = try RunView(place, run: run, stage: stage)
            #expect(after.list.hasPrefix("\(run)  smoke  killed  "))
            #expect(after.facts.contains("end       killed"))
            #expect(after.facts.contains { $0.hasPrefix("\(stage) ") && $0.contains(" killed ") })
            #expect(
                after.status.contains {
                    $0.hasPrefix("\(stage) ")
                        && $0.hasSuffix(
                            "  run \(run) was killed while making it; the next run goes on from what that finished")
                })
            #expect(after.status.last?.contains("under way") == false)
            #expect(after.error == "error: run '\(run)' was killed and left no summary; name another one\n")
            #expect(after.attempt == ["run": run, "state": "killed"])

            try place.runLoop()
            let json = try place.pipeline.run("runs", "ls", "--json").json()
            let ends = (json["runs"] as? [[String: Any]])?.compactMap { $0["end"] as? String }
            #expect(ends == ["done", "killed"])
            #expect(try RunView(place, run: run, stage: stage).attempt == nil)
        }
    }

    /// What the program says of a run that has no end.
    struct RunView {
        let list: String
        let facts: [Substring]
        let status: [Substring]
        /// What a command says that needs the run's summary.
        let error: String
        /// What `status --json` says of the stage.
        let attempt: [String: String]?

        init(_ place: Workplace, run: String, stage: String) throws {
            func said(_ arguments: String...) throws -> [Substring] {
                let result = try place.pipeline.run(arguments)
                try #require(result.status == 0, "\(result.stderr)")
                return result.stdoutLines
            }
            let row = try said("runs", "ls").first { $0.hasPrefix(run) }
            // Columns are as wide as their widest cell; two spaces are between them.
            list = try #require(row).split(separator: " ").joined(separator: "  ") + "  "
            facts = try said("runs", "show", run)
            status = try said("status", SmokeLoop.file)
            error = try place.pipeline.run("diff", run, run).stderr
            let json = try place.pipeline.run("status", SmokeLoop.file, "--json").json()
            let stages = try #require(json["stages"] as? [[String: Any]])
            attempt = try #require(stages.first { $0["name"] as? String == stage })["attempt"] as? [String: String]
        }
    }

    /// Waits for a run to be at work on a stage, stops its process, and looks at it from outside.
    final class RunWatch {
        private let place: Workplace
        private(set) var run: String?
        private(set) var stage: String?
        private(set) var seen: RunView?

        init(_ place: Workplace) { self.place = place }

        /// Whether it has been looked at; the process is left stopped then.
        func look() -> Bool {
            // The lock of a stage tells who makes it.
            for file in place.storedFiles(in: ["locks"]) where !file.hasSuffix("/store") {
                let text = try? String(
                    contentsOf: place.folder.appending(path: "artifacts/\(file)"), encoding: .utf8)
                guard let process = text.flatMap({ Int32($0.trimmingCharacters(in: .newlines)) }) else { continue }
                kill(process, SIGSTOP)
                if let open = try? openStage() {
                    (run, stage) = open
                    seen = try? RunView(place, run: open.run, stage: open.stage)
                    return true
                }
                kill(process, SIGCONT)
            }
            return false
        }

        /// A stage that has begun and not ended.
        private func openStage() throws -> (run: String, stage: String)? {
            let events = try place.newestEvents()
            func stages(_ event: String, _ member: String) -> [String] {
                events.filter { $0["event"] as? String == event }.compactMap { $0[member] as? String }
            }
            let ended = stages("stage_finished", "name")
            guard let run = stages("run_started", "run").first,
                let stage = stages("stage_started", "stage").first(where: { !ended.contains($0) })
            else { return nil }
            return (run, stage)
        }
    }
}
