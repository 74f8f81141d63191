import Artifacts
import Foundation
import PipelineCLI
import Testing

@Suite("The report's page", .serialized)
struct ReportPageTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    private var store: URL { place.folder.appending(path: "artifacts") }

    private func page(_ arguments: String...) throws -> String {
        let result = try place.pipeline.run(["report", "--out", "page.html"] + arguments)
        try result.requireSuccess()
        return try String(contentsOf: place.folder.appending(path: "page.html"), encoding: .utf8)
    }

    @Test("hostile texts, missing numbers and unknown stages make a sound page")
    func everything() throws {
        try HandMadeRun.everything().write(in: store)
        let text = try page()
        let document = try ReportDocument.check(text)
        for id in [
            "story", "stages", "yields", "scores", "training", "judging", "contests", "benchmarks", "others",
            "lengths",
            "map", "pairs", "warnings", "again",
        ] { #expect(document.ids.contains(id), "\(id)") }
        // Measured: what rose in truth, and what three items cannot tell; a new kind in a table.
        #expect(
            document.text.contains("From m0 to m2, 1 of 2 measures rose, 0 fell, and 1 cannot be told from chance."))
        #expect(document.text.contains("a_new_number"))
        #expect(document.text.contains("0.654"), "of no model")
        #expect(document.text.contains("1,000 of 2,000 texts are drawn."))
        #expect(document.elements["script"] == 1)
        #expect(!text.contains("\u{202E}") && !text.contains("\u{1B}"))
        // Long texts are cut: 20,000 characters each, many times over.
        #expect(text.utf8.count < 2_000_000)
    }

    @Test("MT-Bench, win rates by label, AlpacaEval and benchmarks have charts; only usual rules count as changes")
    func measures() throws {
        try HandMadeRun.measured().write(in: store)
        let document = try ReportDocument.check(page())
        for id in ["judging", "contests", "dialogues", "benchmarks"] {
            #expect(document.ids.contains(id), "\(id)")
        }
        // .2 [.1 .3] to .8 [.7 .9] by the rule of the paper's table; what did not fit is no measure of the model.
        #expect(document.text.contains("From m0 to m1, 1 of 1 measure rose, 0 fell."))
        for words in [
            "HellaSwag, per character", "HellaSwag: truncated", "score of second turns", "m1, category math: 4.000",
            "parts, by complexity", "alpaca, length-adjusted", "“likelihood alone”: 0.700",
        ] { #expect(document.text.contains(words), "\(words)") }
        // Of each model the standard error is another: only what the notes have in common is said of both.
        #expect(document.text.contains("items whose right choice is the likeliest; lines are 95 % intervals; n = 20"))
        #expect(!document.text.contains("standard error"))
    }

    @Test("many stages that read from one stand in two columns")
    func manyReaders() throws {
        let readers = (0..<7).map {
            HandMadeRun.Stage(name: "reader\($0)", kind: "read", inputs: ["model": ["m0.model"]])
        }
        try HandMadeRun(stages: [HandMadeRun.model("m0", "import-model")] + readers).write(in: store)
        // Two boxes of 138 and 18 between them, 6 at either side; a row for the model and four for seven readers.
        #expect(try page().contains("<svg viewBox=\"0 0 306 340\" width=\"306\" height=\"340\""))
    }

    @Test("parts that a page is too narrow for stand below the others")
    func manyParts() throws {
        let stages = (0..<5).flatMap { part in
            ["a", "b"].map { name in
                HandMadeRun.Stage(
                    name: "part\(part).\(name)", kind: "read",
                    inputs: part == 4 && name == "a" ? ["text": ["part0.b.text"]] : [:],
                    outputs: ["text": ("text/1", [["text": "x"]])])
            }
        }
        try HandMadeRun(stages: stages).write(in: store)
        // Four of 138 + 18 + 138, 30 between them, 6 at either side; twice a heading of 30 and a row of 62.
        let page = try page()
        #expect(page.contains("<svg viewBox=\"0 0 1278 184\" width=\"1278\" height=\"184\""))
        // From below part0.b through the gap of part4's lane, and into the right of part4.a.
        #expect(page.contains("M231 70C231 100 153 92 153 122L153 134Q153 142 147 142"))
    }

    @Test(
        "a likelihood stands beside judges that read the same rankings, and beside no others",
        arguments: [("held-out", true), ("others", false)])
    func likelihood(rankings: String, isShown: Bool) throws {
        let judged = HandMadeRun.measuring(
            "m0.judge-quality", "evaluate-judge", inputs: ["model": ["m0.model"], "rankings": ["held-out"]],
            [HandMadeRun.measurement("pairwise_accuracy", 0.6, (0.5, 0.7))])
        let likelihood = HandMadeRun.measuring(
            "likelihood", "likelihood-baseline", inputs: ["rankings": [rankings]],
            [HandMadeRun.measurement("pairwise_accuracy", 0.7)])
        try HandMadeRun(stages: [HandMadeRun.model("m0", "import-model"), judged, likelihood]).write(in: store)
        #expect(try ReportDocument.check(page()).text.contains("likelihood alone") == isShown)
    }

    @Test("contests are called by both sides, with their stages where several have the same")
    func contests() throws {
        let sides = ["candidates": ["m1.model"], "baseline": ["m0.model"]]
        let rate = [HandMadeRun.measurement("win_rate", 0.6, (0.5, 0.7))]
        let packet = HandMadeRun.Stage(
            name: "packet", kind: "human-packet", inputs: sides, outputs: ["ballots": ("ballot/1", [["id": "b"]])])
        let stages = [
            HandMadeRun.model("m0", "import-model"), HandMadeRun.model("m1", "sft", inputs: ["model": ["m0.model"]]),
            HandMadeRun.measuring("first", "head-to-head", inputs: sides, rate),
            HandMadeRun.measuring("second", "head-to-head", inputs: sides, rate),
            HandMadeRun.measuring(
                "outside", "head-to-head", inputs: ["candidates": ["m0.model"], "baseline": ["given.candidates"]],
                rate),
            packet, HandMadeRun.measuring("people", "human-votes", inputs: ["ballots": ["packet.ballots"]], rate),
            HandMadeRun.measuring(
                "parts", "break-down", inputs: ["judgements": ["second.judgements"]],
                [HandMadeRun.measurement("win_rate/length/short", 0.5, (0.3, 0.7))]),
        ]
        try HandMadeRun(stages: stages).write(in: store)
        let text = try ReportDocument.check(page()).text
        for words in [
            "m1 against m0 (first), win rate 0.600", "m1 against m0 (second), by length", "m1 against m0 (people)",
            "m0 against given, win rate 0.600",
        ] { #expect(text.contains(words), "\(words)") }
    }

    @Test("a run without models or measurements says so")
    func nothing() throws {
        try HandMadeRun(stages: [.init(name: "only", kind: "seed-prep")]).write(in: store)
        let document = try ReportDocument.check(page())
        #expect(document.text.contains("This run made no model."))
        #expect(document.text.contains("evaluate-judge"))
        #expect(!document.ids.contains("yields"))
    }

    @Test("the numbers for programs: schema, verdicts, nothing that is no number")
    func json() throws {
        try HandMadeRun.everything().write(in: store)
        let json = try place.pipeline.run("report", "--json").json()
        #expect(json["schema"] as? String == "pipeline.report/1")
        for table in [
            "stages", "models", "measurements", "training", "yields", "scores", "lengths", "points", "pairs",
            "warnings",
            "spread", "changes",
        ] { #expect(json[table] is [Any], "\(table)") }
        let changes = try #require(json["changes"] as? [[String: Any]])
        let verdicts = Dictionary(
            uniqueKeysWithValues: changes.map { ($0["name"] as? String ?? "", $0["verdict"] as? String ?? "") })
        // .8 [.75 .85] against .5 [.45 .55]: .3 ± √(.05² + .05²). Of 3 items, 0 and 1 leave .7076 open: 1 ± √2 · .7076.
        #expect(
            verdicts == ["pairwise_accuracy": "rose", "exact_match": "not distinguishable"])
        let models = try #require(json["models"] as? [[String: Any]])
        #expect(models.map { $0["model"] as? String } == ["m0", "m1", "m2"])
        #expect(models.map { $0["trained_from"] as? String } == [nil, "m0", "m1"])
        #expect(!place.exists("report.html"))
    }

    @Test("only what was asked the same is compared, and a paired test has the last word")
    func comparable() throws {
        let models = ["m0", "m1"].map { model in
            HandMadeRun.model(model, "sft", inputs: model == "m1" ? ["model": ["m0.model"]] : [:])
        }
        func judged(_ stage: String, _ model: String, _ value: Double, samples: Int) -> HandMadeRun.Stage {
            var judged = HandMadeRun.measuring(
                stage, "evaluate-judge", inputs: ["model": ["\(model).model"]],
                [HandMadeRun.measurement("pairwise_accuracy", value, (value - 0.01, value + 0.01))])
            judged.parameters = ["samples": .integer(Int64(samples))]
            return judged
        }
        func benchmark(_ model: String) -> HandMadeRun.Stage {
            HandMadeRun.measuring(
                "\(model).piqa", "evaluate-benchmarks", inputs: ["model": ["\(model).model"]],
                ["acc", "acc_norm", "truncated"].map {
                    HandMadeRun.measurement("piqa.\($0)", model == "m0" ? 0.2 : 0.8, (0.1, 0.9))
                })
        }
        // The first was asked once, and says .1; those that were asked three times say .6 and .5.
        let stages =
            models + [
                judged("first", "m0", 0.1, samples: 1), judged("m0.quality", "m0", 0.6, samples: 3),
                judged("m1.quality", "m1", 0.5, samples: 3), benchmark("m0"), benchmark("m1"),
                HandMadeRun.measuring(
                    "judges", "compare-judges",
                    inputs: ["judgements": ["m0.quality.measurements", "m1.quality.measurements"]],
                    [
                        HandMadeRun.measurement("pairwise_accuracy/m0..m1", -0.1, (-0.2, -0.04)),
                        HandMadeRun.measurement("pairwise_accuracy/m0..m1/p", 0.19),
                    ]),
            ]
        try HandMadeRun(stages: stages).write(in: store)
        let json = try place.pipeline.run("report", "--json").json()
        let changes = try #require(json["changes"] as? [[String: Any]])
        #expect(changes.map { $0["name"] as? String } == ["pairwise_accuracy", "piqa.acc"])
        #expect(changes[0]["first_stage"] as? String == "m0.quality")
        #expect(changes[0]["upper"] as? Double == -0.04)
        #expect(changes[0]["verdict"] as? String == "not distinguishable")
    }

    @Test("a CSV file a table, and event files a model")
    func otherForms() throws {
        try HandMadeRun.everything().write(in: store)
        try place.pipeline.run("report", "--csv", "tables", "--tensorboard", "events").requireSuccess()
        let lines = try String(contentsOf: place.folder.appending(path: "tables/measurements.csv"), encoding: .utf8)
            .components(separatedBy: "\r\n")
        #expect(lines.first == "stage,kind,model,against,name,value,lower,upper,count,note")
        #expect(
            lines.contains(
                "m2.judge-quality,evaluate-judge,m2,,pairwise_accuracy,0.8,0.75,0.85,100,a note on pairwise_accuracy")
        )
        #expect(lines.contains("m2.contest,head-to-head,m1,m1,win_rate,,,,0,a note on win_rate"))
        let file = place.folder.appending(path: "events/m2/events.out.tfevents.1700000000.pipeline")
        let events = try EventReader.events(Array(Data(contentsOf: file))).compactMap(\.scalar)
        #expect(events.contains(.init(tag: "train/loss", step: 2, value: 0.5)))
        #expect(events.contains { $0.tag == "eval/evaluate-judge/pairwise_accuracy" && $0.step == 500 })
        // Nothing is written over.
        let again = try place.pipeline.run("report", "--csv", "tables")
        #expect(again.status == 2 && again.stderr.contains("'tables' exists and is not an empty folder"))
    }

    @Test("without a model there are no event files, and the program says so")
    func noEvents() throws {
        try HandMadeRun(stages: [.init(name: "only", kind: "seed-prep")]).write(in: store)
        let result = try place.pipeline.run("report", "--tensorboard", "events")
        #expect(result.status == 0 && result.stderr.contains("'events' is empty: this run trained no model"))
    }

    @Test("an earlier report is replaced, another file is not")
    func replacing() throws {
        try HandMadeRun.everything().write(in: store)
        #expect(try page() == page())
        try place.write("my notes", to: "page.html")
        let result = try place.pipeline.run("report", "--out", "page.html")
        #expect(result.status == 2)
        #expect(
            result.stderr.contains(
                "'page.html' exists and is no report of this program; name another file with --out"))
    }

    @Test("several runs of one pipeline show mean and spread; runs of several are refused")
    func seeds() throws {
        let start = Date(timeIntervalSince1970: 1_700_000_000)
        var names: [String] = []
        for (place, shift) in [0, 0.02, -0.02].enumerated() {
            names.append(
                try HandMadeRun.everything(seed: place + 1, shift: shift).write(
                    in: store, startedAt: start.addingTimeInterval(Double(place) * 60)))
        }
        let document = try ReportDocument.check(page(names[0], names[1], names[2]))
        #expect(document.ids.contains("seeds"))
        #expect(!document.text.contains("not the seed’s doing alone"))
        var changed = HandMadeRun.everything(seed: 4)
        changed.stages[2].parameters = ["beta": 0.5]
        let last = try changed.write(in: store, startedAt: start.addingTimeInterval(240))
        #expect(
            try ReportDocument.check(page(names[0], last)).text.contains(
                "same parameters: \(changed.stages[2].name). What is spread here is not the seed’s doing alone."))
        let json = try place.pipeline.run(["report", "--json"] + names).json()
        let spread = try #require(json["spread"] as? [[String: Any]])
        let row = try #require(
            spread.first {
                $0["stage"] as? String == "m2.judge-quality" && $0["name"] as? String == "pairwise_accuracy"
            })
        // 0.80, 0.82, 0.78: mean 0.80, sd √((0 + .0004 + .0004) / 2) = 0.02
        #expect(abs((row["mean"] as? Double ?? 0) - 0.8) < 1e-12)
        #expect(abs((row["sd"] as? Double ?? 0) - 0.02) < 1e-12)
        var other = HandMadeRun(stages: [.init(name: "only", kind: "seed-prep")])
        other.pipeline = "other"
        let stranger = try other.write(in: store, startedAt: start.addingTimeInterval(600))
        let refused = try place.pipeline.run("report", names[0], stranger)
        #expect(refused.status == 2)
        #expect(refused.stderr.contains("the runs are of pipelines 'hand-made' and 'other'"))
    }

    @Test("a browser opens it without a complaint", .enabled(if: Browser.isPresent, "\(Browser.absence)"))
    func browser() throws {
        try HandMadeRun.everything().write(in: store)
        _ = try page()
        let opened = try Browser.open(
            place.folder.appending(path: "page.html"), profile: place.folder.appending(path: "profile"))
        #expect(opened.complaints.isEmpty, "\(opened.complaints)")
        #expect(opened.document.contains("<h1>hand-made</h1>"))
        // The script ran: its buttons are in the headings, and its tips in place of the browser's.
        #expect(opened.document.contains("<button type=\"button\">"))
        #expect(opened.document.contains("id=\"bubble\" role=\"status\""))
        #expect(opened.document.contains("data-tip=\"m2: 0.800 [0.750, 0.850] n = 100\""))
    }

    @Test("a run that is not there is refused in words, and so is a folder as the page")
    func noRun() throws {
        try HandMadeRun.everything().write(in: store)
        let result = try place.pipeline.run("report", "1999")
        #expect(result.status == 2 && result.stderr.contains("no run '1999' in this store"))
        let folder = try place.pipeline.run("report", "--out", place.folder.path)
        #expect(folder.status == 2 && folder.stderr.contains("is no report of this program"))
    }
}

extension SmokeLoop {
    @Suite("The report of the loop", .serialized)
    struct ReportTests {
        @Test("shows the models, their trainings and what became of the data")
        func page() throws {
            let (place, finished) = try Workplace.afterLoop()
            try place.pipeline.run("report", "--out", "page.html").requireSuccess()
            let text = try String(contentsOf: place.folder.appending(path: "page.html"), encoding: .utf8)
            let document = try ReportDocument.check(text)
            for name in finished.report.names { #expect(document.text.contains(name), "\(name)") }
            #expect(document.text.contains("made → m0 → m1 → m2 → m3"))
            #expect(document.text.contains("Pairs for m3"))
            for metric in ["rewards/margins", "rewards/accuracies", "loss"] {
                #expect(document.text.contains(metric))
            }
            #expect(document.text.contains("run \(SmokeLoop.file)"))
            let digest = try #require(finished.digests["m3.model.model"])
            #expect(document.text.contains(digest))
        }

        @Test("opens in a browser without a complaint", .enabled(if: Browser.isPresent, "\(Browser.absence)"))
        func browser() throws {
            let (place, _) = try Workplace.afterLoop()
            try place.pipeline.run("report", "--out", "page.html").requireSuccess()
            let opened = try Browser.open(
                place.folder.appending(path: "page.html"), profile: place.folder.appending(path: "profile"))
            #expect(opened.complaints.isEmpty, "\(opened.complaints)")
        }
    }
}
