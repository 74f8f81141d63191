import Artifacts
import Pipeline
import Testing

@Suite("Pipeline files")
struct PlanTests {
    private func parameters(_ plan: PipelinePlan, _ stage: String) throws -> JSONValue {
        try #require(plan.stage(named: stage)).parameters
    }

    @Test("scalars are read by the declared type, not by what they look like")
    func types() throws {
        let plan = try Workplace(
            """
            stages:
              one: {stage: constant}
              scaled:
                stage: scale
                inputs: {numbers: one}
                params: {factor: 1e-6, label: no, note: 12, isExact: false, rounding: up, bounds: {high: 3},
                         steps: [1, 2.5], weights: {a: 1, "b c": 0.5}}
            """
        ).load()
        #expect(
            try parameters(plan, "scaled") == [
                "factor": 0.000001, "repeats": 1, "label": "no", "note": "12", "isExact": false, "rounding": "up",
                "bounds": ["low": 0, "high": 3], "steps": [1.0, 2.5], "weights": ["a": 1.0, "b c": 0.5],
            ])
    }

    @Test("an unquoted null is nil where nil is allowed, and a quoted one is text")
    func nulls() throws {
        let plan = try Workplace(
            """
            stages:
              one: {stage: constant}
              nothing: {stage: scale, inputs: {numbers: one}, params: {note: ~}}
              word: {stage: scale, inputs: {numbers: one}, params: {note: 'null', label: null}}
            """
        ).load()
        #expect(try parameters(plan, "nothing")["note"] == .null)
        #expect(try parameters(plan, "word")["note"] == "null")
        #expect(try parameters(plan, "word")["label"] == "null")
    }

    @Test("a plainly included file keeps its names and is read once, whoever includes it")
    func plainInclude() throws {
        let workplace = try Workplace(
            "include: [b.yaml, a.yaml]\nstages: {end: {stage: sum, inputs: {terms: [first, second]}}}")
        try workplace.write("pipeline: a\nstages: {first: {stage: constant}}", to: "a.yaml")
        try workplace.write(
            "include: [./a.yaml]\nstages: {second: {stage: add, inputs: {numbers: first}}}", to: "b.yaml")
        let plan = try workplace.load()
        #expect(plan.stages.map(\.name) == ["first", "second", "end"])
        #expect(plan.name == "plan")
    }

    static let part = """
        parameters: [input, {amount: 5}]
        stages:
          more: {stage: add, inputs: {numbers: "${input}"}, params: {amount: "${amount}"}}
          again: {stage: add, inputs: {numbers: more}, params: {amount: "1${amount}"}}
        """

    @Test("a part gets a prefix and values, and is read as often as it is named")
    func parts() throws {
        let workplace = try Workplace(
            """
            include:
              - {file: parts/part.yaml, as: m1, with: {input: start}}
              - {file: parts/part.yaml, as: m2, with: {input: m1.again, amount: 7}}
            stages: {start: {stage: constant}, end: {stage: add, inputs: {numbers: m2.again}}}
            """)
        try workplace.write(Self.part, to: "parts/part.yaml")
        let plan = try workplace.load()
        #expect(plan.stages.map(\.name) == ["m1.more", "m1.again", "m2.more", "m2.again", "start", "end"])
        #expect(plan.stage(named: "m2.more")?.connections[0].origins == [.output(stage: "m1.again", port: "numbers")])
        #expect(plan.stage(named: "m2.again")?.connections[0].origins == [.output(stage: "m2.more", port: "numbers")])
        #expect(try parameters(plan, "m1.again") == ["amount": 15])
        #expect(try parameters(plan, "m2.again") == ["amount": 17])
        #expect(plan.graph.order.map { plan.graph.names[$0] }.first == "start")
    }

    @Test("a part in a part hands names of the outside through")
    func nestedParts() throws {
        let workplace = try Workplace(
            """
            include: [{file: outer.yaml, as: o, with: {input: start}}]
            stages: {start: {stage: constant}}
            """)
        try workplace.write(
            """
            parameters: [input]
            include:
              - {file: part.yaml, as: x, with: {input: "${input}"}}
              - {file: part.yaml, as: y, with: {input: x.again}}
            """, to: "outer.yaml")
        try workplace.write(Self.part, to: "part.yaml")
        let plan = try workplace.load()
        #expect(plan.stage(named: "o.x.more")?.connections[0].origins == [.output(stage: "start", port: "numbers")])
        #expect(
            plan.stage(named: "o.y.more")?.connections[0].origins == [.output(stage: "o.x.again", port: "numbers")])
    }

    @Test("a part sees the names of the files that include it, after its own")
    func outerNames() throws {
        let workplace = try Workplace(
            """
            include: [{file: outer.yaml, as: o}]
            stages: {start: {stage: constant}, far: {stage: constant}}
            """)
        try workplace.write(
            """
            include: [{file: inner.yaml, as: i}]
            stages: {start: {stage: constant}}
            """, to: "outer.yaml")
        try workplace.write(
            """
            stages:
              near: {stage: add, inputs: {numbers: start}}
              away: {stage: add, inputs: {numbers: far.numbers}}
            """, to: "inner.yaml")
        let plan = try workplace.load()
        #expect(plan.stage(named: "o.i.near")?.connections[0].origins == [.output(stage: "o.start", port: "numbers")])
        #expect(plan.stage(named: "o.i.away")?.connections[0].origins == [.output(stage: "far", port: "numbers")])
    }

    @Test("a stage named without its output gives the one that fits")
    func fittingOutput() throws {
        let plan = try Workplace(
            """
            stages:
              a: {stage: constant}
              s: {stage: sum, inputs: {terms: a}}
              b: {stage: add, inputs: {numbers: s}}
            """
        ).load()
        #expect(plan.stage(named: "b")?.connections[0].origins == [.output(stage: "s", port: "total")])
    }

    @Test("sources are looked for beside the file that names them, also in the working folder")
    func sourcePaths() throws {
        #expect(IncludeLoader.join("a.jsonl", to: "") == "a.jsonl")
        #expect(IncludeLoader.join("../a.jsonl", to: "plans/parts") == "plans/a.jsonl")
        #expect(IncludeLoader.join("/a.jsonl", to: "plans") == "/a.jsonl")
    }

    @Test("a whole list may be the value of a part parameter, and '$${' writes the characters")
    func listParameters() throws {
        let workplace = try Workplace(
            """
            include: [{file: p.yaml, as: p, with: {terms: [one, two]}}]
            stages: {one: {stage: constant}, two: {stage: constant, params: {values: [9]}}}
            """)
        try workplace.write(
            """
            parameters: [terms]
            stages:
              all: {stage: sum, inputs: {terms: "${terms}"}}
              named: {stage: scale, inputs: {numbers: all.total}, params: {label: "$${terms}"}}
            """, to: "p.yaml")
        let plan = try workplace.load()
        #expect(plan.stage(named: "p.all")?.connections[0].origins.count == 2)
        #expect(try parameters(plan, "p.named")["label"] == "${terms}")
    }

    @Test("settings win in the order that the documentation gives")
    func precedence() throws {
        let workplace = try Workplace(
            """
            include: [inner.yaml]
            defaults: {add: {amount: 2}}
            stages:
              own: {stage: add, inputs: {numbers: one}, params: {amount: 3}}
              plain: {stage: add, inputs: {numbers: one}}
            """)
        try workplace.write(
            "defaults: {add: {amount: 1, exec: {retries: 4}}}\n"
                + "stages: {one: {stage: constant}, inner: {stage: add, inputs: {numbers: one}}}", to: "inner.yaml")
        try workplace.write("defaults: {add: {amount: 10}}\nstages: {own: {params: {amount: 11}}}", to: "over.yaml")
        func amounts(_ plan: PipelinePlan) throws -> [JSONValue?] {
            try ["inner", "plain", "own"].map { try parameters(plan, $0)["amount"] }
        }
        #expect(try amounts(workplace.load()) == [2, 2, 3])
        #expect(try amounts(workplace.load(overlays: ["over.yaml"])) == [10, 10, 11])
        #expect(
            try amounts(workplace.load(overlays: ["over.yaml"], settings: ["own.amount=12", "own.amount=13"]))
                == [10, 10, 13])
        #expect(try workplace.load().stage(named: "inner")?.execution.retries == 4)
        #expect(try workplace.load().stage(named: "plain")?.execution.retries == nil)
    }

    @Test("an overlay connects inputs elsewhere, port by port, and null disconnects")
    func rewiring() throws {
        let workplace = try Workplace(
            """
            stages:
              one: {stage: constant}
              two: {stage: constant}
              sum: {stage: add, inputs: {numbers: one}}
            """)
        try workplace.write("stages: {sum: {inputs: {numbers: two}, params: {amount: 5}}}", to: "over.yaml")
        let plan = try workplace.load(overlays: ["over.yaml"])
        #expect(plan.stage(named: "sum")?.connections.flatMap(\.origins) == [.output(stage: "two", port: "numbers")])
        #expect(try parameters(plan, "sum")["amount"] == 5)
        try workplace.write("stages: {sum: {inputs: {numbers: null}}}", to: "over.yaml")
        #expect(workplace.message(overlays: ["over.yaml"]).hasPrefix("stage 'sum': input 'numbers'"))
    }

    @Test("an overlay declares stages, new ones and others in place of the file's")
    func declaring() throws {
        let workplace = try Workplace(
            """
            defaults: {add: {amount: 2}}
            stages:
              one: {stage: constant}
              last: {stage: scale, inputs: {numbers: one}}
            """)
        try workplace.write(
            """
            defaults: {add: {amount: 3}}
            stages:
              more: {stage: add, inputs: {numbers: one}}
              last: {stage: add, inputs: {numbers: more}, params: {amount: 4}}
            """, to: "over.yaml")
        try workplace.write("stages: {more: {params: {amount: 6}}}", to: "again.yaml")
        let plan = try workplace.load(overlays: ["over.yaml"])
        #expect(plan.stages.map(\.name) == ["one", "last", "more"])
        #expect(plan.stage(named: "last")?.definition.kind == "add")
        #expect(try ["more", "last"].map { try parameters(plan, $0)["amount"] } == [3, 4])
        let again = try workplace.load(overlays: ["over.yaml", "again.yaml"], settings: ["last.amount=7"])
        #expect(try ["more", "last"].map { try parameters(again, $0)["amount"] } == [6, 7])
        // The later overlay declares it anew: what the earlier said of it is gone.
        let before = try workplace.load(overlays: ["over.yaml", "again.yaml", "over.yaml"])
        #expect(try parameters(before, "more")["amount"] == 3)
    }

    @Test("an overlay replaces a source or adds one that is read; another name is a mistake")
    func overlaidSources() throws {
        let workplace = try Workplace(
            """
            sources: {terms: terms.txt}
            stages: {all: {stage: folder, inputs: {folder: terms}}}
            """)
        for name in ["terms.txt/1", "other/1", "more/1"] { try workplace.write("1", to: name) }
        func sources(_ overlay: String) throws -> [String] {
            try workplace.write(overlay, to: "over.yaml")
            return try workplace.load(overlays: ["over.yaml"]).sources.map(\.name)
        }
        #expect(try sources("sources: {terms: other}") == ["terms"])
        let reading = "stages: {again: {stage: folder, inputs: {folder: more}}}"
        #expect(try sources("sources: {more: more}\n" + reading) == ["terms", "more"])
        func message(_ overlay: String) throws -> String {
            try workplace.write(overlay, to: "over.yaml")
            return workplace.message(overlays: ["over.yaml"])
        }
        let misspelt = try message("sources: {term: other}")
        #expect(misspelt.hasPrefix("no source 'term' to replace, and no input that names it (over.yaml:1:11)"))
        #expect(misspelt.contains("did you mean 'terms'?"))
        let twice = try message("sources: {all: other}")
        #expect(twice.hasPrefix("'all' names a source and a stage (over.yaml:1:11), first at plan.yaml:2"))
        #expect(try message("sources: {'a b': other}").hasPrefix("'a b'"))
    }

    @Test("--set means the stage with the longest name that fits, and reaches parameters in parameters")
    func settings() throws {
        let workplace = try Workplace(
            """
            stages:
              one: {stage: constant}
              m: {stage: scale, inputs: {numbers: one}}
              m.bounds: {stage: scale, inputs: {numbers: one}}
            """)
        let plan = try workplace.load(
            settings: ["m.factor=3", "m.bounds.bounds.low=4", "one.values=[5, 6]", "m.exec.threads=2", "m.label=a=b"])
        #expect(try parameters(plan, "m")["factor"] == 3.0)
        #expect(try parameters(plan, "m")["label"] == "a=b")
        #expect(try parameters(plan, "m.bounds")["bounds"]?["low"] == 4)
        #expect(try parameters(plan, "one")["values"] == [5, 6])
        #expect(plan.stage(named: "m")?.execution.threads == 2)
        #expect(plan.stage(named: "m")?.settings.map(\.path) == ["factor", "label"])
    }

    @Test("the seed is the stage's own, or the command line's, or that of the nearest file")
    func seeds() throws {
        let workplace = try Workplace(
            "include: [in.yaml, {file: part.yaml, as: p}]\nseed: 1\nstages: {a: {stage: draw}, b: {stage: draw, seed: 9}}"
        )
        try workplace.write("seed: 2\nstages: {c: {stage: draw}}", to: "in.yaml")
        try workplace.write("stages: {d: {stage: draw}}", to: "part.yaml")
        func seeds(_ plan: PipelinePlan) -> [UInt64?] { ["a", "b", "c", "p.d"].map { plan.stage(named: $0)?.seed } }
        #expect(seeds(try workplace.load()) == [1, 9, 2, 1])
        #expect(seeds(try workplace.load(settings: ["seed=7"])) == [7, 9, 7, 7])
    }

    @Test("anchors, aliases and merge keys work; 'x-' keys hold what they refer to")
    func anchors() throws {
        let plan = try Workplace(
            """
            x-common: &common {amount: 4}
            stages:
              one: {stage: constant}
              two: {stage: add, inputs: {numbers: one}, params: *common}
              three: {stage: add, inputs: {numbers: one}, params: {<<: *common}}
            """
        ).load()
        #expect(try parameters(plan, "two") == ["amount": 4])
        #expect(try parameters(plan, "three") == ["amount": 4])
    }

    @Test("an optional input may be left out or empty")
    func optionalInputs() throws {
        let plan = try Workplace(
            """
            stages:
              one: {stage: constant}
              all: {stage: sum, inputs: {terms: one, extra: ~}}
            """
        ).load()
        #expect(plan.stage(named: "all")?.connections.map(\.port.name) == ["terms"])
    }

    @Test(
        "sizes of memory",
        arguments: [("512", 512), ("2GiB", 2 << 30), ("1.5 MiB", 3 << 19), ("3k", 3072), ("2GB", 2_000_000_000)])
    func sizes(text: String, bytes: Int) {
        #expect(Quantity.bytes(text) == bytes)
    }

    @Test(
        "edit distance counts insertions, deletions, replacements and swaps of neighbours",
        arguments: [
            ("judge", "judge", 0), ("jugde", "judge", 1), ("margn", "margin", 1), ("", "ab", 2), ("ab", "cd", 2),
        ])
    func distance(a: String, b: String, expected: Int) {
        #expect(editDistance(a, b) == expected)
        #expect(editDistance(b, a) == expected)
    }
}
