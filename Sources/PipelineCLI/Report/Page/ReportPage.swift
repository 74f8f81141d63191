internal import Artifacts
internal import Foundation

/// A story as one page of XHTML that needs nothing else: no network, no other file, no script to be read.
struct ReportPage {
    var story: RunStory
    /// Of several runs; nil for one.
    var spread: RunSpread?
    var storeArguments: [String] = []

    /// How a file is known to be such a page: it begins so.
    static let beginning = "<!DOCTYPE html>\n<!-- pipeline report -->\n"

    private var sections: [ReportSection] {
        let run = RunSections(story: story), reading = ReadingSections(story: story, spread: spread)
        let found: [ReportSection?] =
            [OpeningSection(story: story).section, reading.seeds, run.graph, run.yields, run.scores]
            + [TrainingSection(story: story).section] + MeasureSections(story: story).sections
            + [
                run.lengths, run.map, MeasureSections(story: story).unmeasured, reading.pairs, reading.warnings,
                AgainSection(story: story, storeArguments: storeArguments).section,
            ]
        return found.compactMap { $0 }
    }

    var text: String {
        var writer = BlockWriter()
        let sections = sections
        let parts = sections.map { section -> Markup in
            """
            <section id="\(section.id)" aria-labelledby="\(section.id)-heading"><h2 \
            id="\(section.id)-heading">\(section.title)</h2>\n\(writer.markup(section.blocks))</section>\n
            """
        }
        let links = sections.map { "<li><a href=\"#\($0.id)\">\($0.title)</a></li>" as Markup }
        let page: Markup =
            """
            <html lang="en"><head>\(head)</head>\n<body><a class="skip" href="#main">Skip to the report</a>\
            \n\(header)<nav aria-label="Sections"><ul>\(links)</ul></nav>\n<main id="main" tabindex="-1">\
            \n\(parts)</main>\n\(footer)<script>\(Self.verbatim(ReportScript.text))</script></body></html>\n
            """
        return Self.beginning + page.source
    }

    /// A text of our own, which stands on the page as it is.
    private static func verbatim(_ text: String) -> Markup { Markup(stringLiteral: text) }

    private var head: Markup {
        // Whatever a model wrote: nothing is fetched, and no script runs but the one whose digest this is.
        let hex = Array(ContentDigest(hashing: Array(ReportScript.text.utf8)).hex)
        let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(String(hex[$0..<$0 + 2]), radix: 16) }
        let digest = Data(bytes).base64EncodedString()
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'"
        return
            """
            <meta charset="utf-8"/><meta http-equiv="Content-Security-Policy" content="\(policy)"/><meta \
            name="viewport" content="width=device-width, initial-scale=1"/><meta name="color-scheme" \
            content="light dark"/><title>\(story.run.pipeline): run \(story.run.id)</title><style>\
            \(Self.verbatim(ReportStyle.text))</style>
            """
    }

    private var header: Markup {
        let run = story.run
        var facts: [(String, String)] = [("run", run.id), ("ended", run.end.rawValue)]
        if let seconds = run.seconds { facts.append(("took", Quantities.duration(seconds))) }
        facts.append(("stages", Numerals.count(story.stages.count)))
        if !run.seeds.isEmpty {
            facts.append((run.seeds.count == 1 ? "seed" : "seeds", run.seeds.joined(separator: ", ")))
        }
        if !story.models.isEmpty {
            facts.append(("models", story.mainLine.map { story.models[$0].label }.joined(separator: " → ")))
        }
        let list = facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" as Markup }
        let warnings: Markup =
            story.warnings.isEmpty
            ? ""
            : """
            <p class="callout"><a href="#warnings">\(Quantities.count(story.warnings.count, "warning"))</a> \
            to read before believing the numbers.</p>
            """
        return
            """
            <header><p class="eyebrow">Self-rewarding language model, run report</p><h1>\(run.pipeline)</h1>\
            <p class="headline">\(OpeningSection(story: story).headline)</p>\(warnings)<dl>\(list)</dl>\
            </header>\n
            """
    }

    private var footer: Markup {
        """
        <footer><p>Made by pipeline \(ProgramVersion.text) from the run’s records. Everything here is in its \
        store; <code>--json</code>, <code>--csv</code> and <code>--tensorboard</code> give the numbers to \
        programs. In a chart that has the keyboard’s focus, arrow keys step from mark to mark.</p></footer>\n
        """
    }
}
