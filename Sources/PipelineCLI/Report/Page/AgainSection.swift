/// How to repeat the run, and what it was made with.
struct AgainSection {
    var story: RunStory
    /// How the program was called.
    var invocation = Invocation.current
    /// What makes a command find the same store.
    var storeArguments: [String]

    var section: ReportSection {
        let run = story.run
        var blocks: [ReportBlock] = []
        if let command {
            blocks.append(
                .text("<p>From the folder where the run was started:</p><pre><code>\(command)</code></pre>"))
        }
        let questions = [
            (["verify", "--read-data"] + storeArguments, "does the store still hold what it says?"),
            (["audit"] + storeArguments, "do the stages give the same bytes again?"),
            (["report", run.id] + storeArguments, "this page"),
        ].map { words, purpose -> Markup in "<li><code>\(invocation.command(words))</code>: \(purpose)</li>" }
        blocks.append(.text("<ul>\(questions)</ul>"))
        blocks.append(.table(facts))
        if !run.sources.isEmpty { blocks.append(.table(sources)) }
        blocks.append(.table(models))
        blocks.append(.more("Keys of all stages", [.table(keys)]))
        return ReportSection(id: "again", title: "How to reproduce", blocks: blocks)
    }

    /// Nil where the run does not say what it was asked for.
    private var command: String? {
        story.run.file.map { file in
            invocation.command(
                ["run", file] + story.run.overlays.flatMap { ["-f", $0] }
                    + story.run.settings.flatMap { ["--set", $0] }
                    + storeArguments)
        }
    }

    private var facts: PageTable {
        let run = story.run
        let rows: [(String, [String])] = [
            ("run", [run.id]), ("pipeline", [run.pipeline]), ("seed", run.seeds), ("program", run.programs),
            ("processor", run.processors), ("arithmetic", run.numerics),
        ]
        return PageTable(
            caption: "What it was made with", headings: ["fact", "value"],
            rows: rows.filter { !$0.1.isEmpty }.map { name, values in
                ["\(name)", "\(values.joined(separator: " · "))"]
            })
    }

    private var sources: PageTable {
        PageTable(
            caption: "Files from outside", headings: ["source", "file", "SHA-256"],
            rows: story.run.sources.map { source in
                ["\(source.name)", "\(source.path)", Self.digest(source.digest)]
            })
    }

    private var models: PageTable {
        PageTable(
            caption: "Models", headings: ["model", "made by", "trained from", "SHA-256 of the checkpoint"],
            rows: story.models.map { model in
                let stage = story.stages[model.stage]
                return [
                    "\(model.label)", "\(stage.name) (\(stage.kind))",
                    "\(story.label(model.parent) ?? Numerals.absent)",
                    Self.digest(stage.outputs.first { $0.schema.hasPrefix("checkpoint/") }?.digest),
                ]
            })
    }

    private var keys: PageTable {
        PageTable(
            caption: "What each result is known by", headings: ["stage", "kind", "version", "key", "outputs"],
            numeric: [2],
            rows: story.stages.map { stage in
                let outputs = stage.outputs.map { output -> Markup in
                    "<div>\(output.port) \(Self.digest(output.digest))</div>"
                }
                return [
                    "\(stage.name)", "\(stage.kind)", "\(stage.version.map { String($0) } ?? Numerals.absent)",
                    Self.digest(stage.key), "\(outputs)",
                ]
            })
    }

    private static func digest(_ hex: String?) -> Markup {
        hex.map { "<code class=\"digest\">\($0)</code>" } ?? "\(Numerals.absent)"
    }
}
