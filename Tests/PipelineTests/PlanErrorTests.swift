import Foundation
import Pipeline
import Testing

@Suite("Errors in pipeline files, word for word")
struct PlanErrorTests {
    static let cases: [(plan: String, message: String)] = [
        (
            "stages:\n  one: {stage: constant}\n  two:\n    stage: add\n    inputs: {numbers: one}\n"
                + "    params:\n      amuont: 3",
            """
            stage 'two': unknown key 'amuont' (plan.yaml:7:7); did you mean 'amount'?
              7 |       amuont: 3
                |       ^~~~~~
            """
        ),
        (
            "stages:\n  one: {stage: constant}\n  two: {stage: add, inputs: {numbers: one}, params: {amount: ten}}",
            """
            stage 'two': 'amount' is 'ten', not an integer (plan.yaml:3:62)
              3 |   two: {stage: add, inputs: {numbers: one}, params: {amount: ten}}
                |                                                              ^~~
            """
        ),
        (
            "stages:\n  one: {stage: constnt}",
            """
            stage 'one': unknown kind 'constnt' (plan.yaml:2:16); did you mean 'constant'?
              2 |   one: {stage: constnt}
                |                ^~~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: add, inputs: {numbers: b}}\n  b: {stage: add, inputs: {numbers: a}}",
            """
            stages wait for each other: a → b → a (plan.yaml:2:37)
              2 |   a: {stage: add, inputs: {numbers: b}}
                |                                     ^
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  a: {stage: draw}",
            """
            key 'a' twice (plan.yaml:3:3), first on line 2; remove one
              3 |   a: {stage: draw}
                |   ^
            """
        ),
        (
            "stages:\n  a: {stage: constant, stage: draw}",
            """
            key 'stage' twice (plan.yaml:2:24), first on line 2; remove one
              2 |   a: {stage: constant, stage: draw}
                |                        ^~~~~
            """
        ),
        (
            "stagez:\n  a: {stage: constant}",
            """
            the file: unknown key 'stagez' (plan.yaml:1:1); did you mean 'stages'?
              1 | stagez:
                | ^~~~~~
            """
        ),
        (
            "stages:\n  a: {inputs: {}}",
            """
            stage 'a': key 'stage' is missing (plan.yaml:2:3)
              2 |   a: {inputs: {}}
                |   ^
            """
        ),
        (
            "stages:\n  a: {stage: add}",
            """
            stage 'a': input 'numbers' is not connected (plan.yaml:2:3); give a stage or source of 'number/1'
              2 |   a: {stage: add}
                |   ^
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  b: {stage: add, inputs: {numbers: a, more: a}}",
            """
            inputs of stage 'b': unknown key 'more' (plan.yaml:3:40); known: 'numbers'
              3 |   b: {stage: add, inputs: {numbers: a, more: a}}
                |                                        ^~~~
            """
        ),
        (
            "stages:\n  first: {stage: constant}\n  b: {stage: add, inputs: {numbers: frist}}",
            """
            stage 'b': input 'numbers' names 'frist', which is no stage and no source (plan.yaml:3:37); did you mean 'first'?
              3 |   b: {stage: add, inputs: {numbers: frist}}
                |                                     ^~~~~
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  b: {stage: add, inputs: {numbers: a.number}}",
            """
            stage 'a' has no output 'number' (plan.yaml:3:37); did you mean 'numbers'?
              3 |   b: {stage: add, inputs: {numbers: a.number}}
                |                                     ^~~~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  a.numbers: {stage: constant}\n"
                + "  b: {stage: add, inputs: {numbers: a.numbers}}",
            """
            'a.numbers' is a stage, and also output 'numbers' of stage 'a' (plan.yaml:4:37); rename one of the stages, or name the \
            former's output too, as in 'a.numbers.OUTPUT'
              4 |   b: {stage: add, inputs: {numbers: a.numbers}}
                |                                     ^~~~~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  s: {stage: sum, inputs: {terms: a}}\n"
                + "  b: {stage: read, inputs: {file: s}}",
            """
            stage 's' has several outputs (plan.yaml:4:35); write 's.OUTPUT'; known: 's.total', 's.ledger'
              4 |   b: {stage: read, inputs: {file: s}}
                |                                   ^
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  s: {stage: sum, inputs: {terms: a}}\n"
                + "  b: {stage: add, inputs: {numbers: s.ledger}}",
            """
            stage 'b': input 'numbers' takes 'number/1', but 's.ledger' is 'dropped/1' (plan.yaml:4:37)
              4 |   b: {stage: add, inputs: {numbers: s.ledger}}
                |                                     ^~~~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  b: {stage: add, inputs: {numbers: [a, a]}}",
            """
            stage 'b': input 'numbers' takes one artifact, not a list (plan.yaml:3:37)
              3 |   b: {stage: add, inputs: {numbers: [a, a]}}
                |                                     ^
            """
        ),
        (
            "stages:\n  a: {stage: constant}\n  b: {stage: scale, inputs: {numbers: a}, params: {factor: 0}}",
            """
            stage 'b': factor 0 would lose every number (plan.yaml:3:3)
              3 |   b: {stage: scale, inputs: {numbers: a}, params: {factor: 0}}
                |   ^
            """
        ),
        (
            "defaults:\n  modulo: {divisor: 0}\nstages:\n  a: {stage: constant}\n"
                + "  b: {stage: modulo, inputs: {numbers: a}}",
            """
            stage 'b': 'divisor' is 0; it must be another number (plan.yaml:2:21)
              2 |   modulo: {divisor: 0}
                |                     ^
            """
        ),
        (
            "sources: {s: {path: /dev/zero}}",
            """
            source 's': cannot read '/dev/zero': it is neither a file nor a folder (plan.yaml:1:21)
              1 | sources: {s: {path: /dev/zero}}
                |                     ^~~~~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: constant, exec: {thread: 2}}",
            """
            exec of stage 'a': unknown key 'thread' (plan.yaml:2:31); did you mean 'threads'?
              2 |   a: {stage: constant, exec: {thread: 2}}
                |                               ^~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: constant, exec: {threads: 0}}",
            """
            exec of stage 'a': 'threads' is '0', not a whole number of at least 1 (plan.yaml:2:40)
              2 |   a: {stage: constant, exec: {threads: 0}}
                |                                        ^
            """
        ),
        (
            "stages:\n  a: {stage: constant, exec: {threads: 9999999}}",
            """
            exec of stage 'a': 'threads' is '9999999', not a whole number of at most 1024 (plan.yaml:2:40)
              2 |   a: {stage: constant, exec: {threads: 9999999}}
                |                                        ^~~~~~~
            """
        ),
        (
            "defaults: {ad: {amount: 1}}\nstages: {}",
            """
            defaults: unknown key 'ad' (plan.yaml:1:12); did you mean 'add'?
              1 | defaults: {ad: {amount: 1}}
                |            ^~
            """
        ),
        (
            "stages:\n  a b: {stage: constant}",
            """
            'a b' cannot name a stage (plan.yaml:2:3); use letters, digits, '-' and '_', parts joined by '.'
              2 |   a b: {stage: constant}
                |   ^~~
            """
        ),
        (
            "include: [nowhere.yaml]",
            """
            cannot read 'nowhere.yaml': no such file (named at plan.yaml:1:11)
              1 | include: [nowhere.yaml]
                |           ^~~~~~~~~~~~
            """
        ),
        (
            "include: [plan.yaml]",
            """
            files include each other: plan.yaml → plan.yaml (plan.yaml:1:11)
              1 | include: [plan.yaml]
                |           ^~~~~~~~~
            """
        ),
        (
            "stages:\n  a: {stage: scale, params: {label: \"${nmae}\"}}\nparameters: [{name: 1}]",
            """
            unknown part parameter 'nmae' (plan.yaml:2:37); did you mean 'name'?
              2 |   a: {stage: scale, params: {label: "${nmae}"}}
                |                                     ^~~~~~~~~
            """
        ),
        (
            "parameters: [policy]\nstages: {}",
            """
            part 'plan.yaml' needs 'policy' (plan.yaml:1:14); give it under 'with'
              1 | parameters: [policy]
                |              ^~~~~~
            """
        ),
        (
            "stages:\n\ta: {stage: constant}",
            """
            malformed YAML: while scanning for the next token: found character that cannot start any token (plan.yaml:2:1)
              2 | \ta: {stage: constant}
                | ^
            """
        ),
        (
            "stages: {a: {stage: constant}",
            """
            malformed YAML: while parsing a flow mapping: did not find expected ',' or '}' (plan.yaml:2:1)
              2 | \n    | ^
            """
        ),
        ("", "'plan.yaml' is empty; a pipeline file has at least 'stages'"),
        ("# nothing", "'plan.yaml' is empty; a pipeline file has at least 'stages'"),
        (
            "seed: -1\nstages: {a: {stage: draw}}",
            """
            stage 'a': 'seed' is '-1', not a whole number of at least 0 (plan.yaml:1:7)
              1 | seed: -1
                |       ^~
            """
        ),
        (
            "sources: {s: {path: x, sha256: abc}}",
            """
            source 's': 'sha256' is 'abc', not 64 hexadecimal digits in lower case (plan.yaml:1:32)
              1 | sources: {s: {path: x, sha256: abc}}
                |                                ^~~
            """
        ),
    ]

    @Test("each mistake has its message, with the place, the line and a marker", arguments: cases.indices)
    func messages(index: Int) throws {
        let workplace = try Workplace()
        try workplace.write(Self.cases[index].plan, to: "plan.yaml")
        #expect(workplace.message() == Self.cases[index].message)
    }

    static let stages =
        "stages:\n  m.judge: {stage: constant}\n  m.pair: {stage: add, inputs: {numbers: m.judge}}"
        + "\n  m.rest: {stage: modulo, inputs: {numbers: m.judge}}"

    @Test(
        "mistakes in --set",
        arguments: [
            (
                "m.jugde.values=[1]",
                """
                no stage 'm.jugde' (--set:1:1); did you mean 'm.judge'?
                  1 | m.jugde.values=[1]
                    | ^~~~~~~
                """
            ),
            (
                "m.pair.amonut=3",
                """
                stage 'm.pair': unknown key 'amonut' (--set:1:8); did you mean 'amount'?
                  1 | m.pair.amonut=3
                    |        ^~~~~~
                """
            ),
            (
                "m.pair.amount=many",
                """
                stage 'm.pair': 'amount' is 'many', not an integer (--set:1:15)
                  1 | m.pair.amount=many
                    |               ^~~~
                """
            ),
            (
                "m.rest.divisor=0",
                """
                stage 'm.rest': 'divisor' is 0; it must be another number (--set:1:16)
                  1 | m.rest.divisor=0
                    |                ^
                """
            ),
            (
                "nonsense",
                """
                'nonsense' is no setting (--set:1:1); write 'seed=NUMBER' or 'STAGE.PARAMETER=VALUE'
                  1 | nonsense
                    | ^
                """
            ),
        ])
    func settings(setting: String, message: String) throws {
        #expect(try Workplace(Self.stages).message(settings: [setting]) == message)
    }

    @Test("mistakes in an overlay name the overlay")
    func overlays() throws {
        let workplace = try Workplace(Self.stages)
        try workplace.write("stages:\n  m.pairs: {params: {amount: 2}}", to: "over.yaml")
        #expect(
            workplace.message(overlays: ["over.yaml"]) == """
                no stage 'm.pairs' (over.yaml:2:3); did you mean 'm.pair'?
                  2 |   m.pairs: {params: {amount: 2}}
                    |   ^~~~~~~
                """)
        try workplace.write("stages:\n  m.pair: {input: {}}", to: "over.yaml")
        #expect(
            workplace.message(overlays: ["over.yaml"]) == """
                stage 'm.pair': unknown key 'input' (over.yaml:2:12); did you mean 'inputs'?
                  2 |   m.pair: {input: {}}
                    |            ^~~~~
                """)
    }

    @Test("a part without its values, a cycle through files, and a stage named twice")
    func includes() throws {
        let workplace = try Workplace("include: [{file: part.yaml, as: p, with: {polcy: a}}]")
        try workplace.write("parameters: [policy]\nstages: {a: {stage: constant}}", to: "part.yaml")
        #expect(
            workplace.message() == """
                unknown part parameter 'polcy' (plan.yaml:1:43); did you mean 'policy'?
                  1 | include: [{file: part.yaml, as: p, with: {polcy: a}}]
                    |                                           ^~~~~
                """)
        try workplace.write("include: [a.yaml]", to: "plan.yaml")
        try workplace.write("include: [b.yaml]", to: "a.yaml")
        try workplace.write("include: [a.yaml]", to: "b.yaml")
        #expect(
            workplace.message() == """
                files include each other: a.yaml → b.yaml → a.yaml (b.yaml:1:11)
                  1 | include: [a.yaml]
                    |           ^~~~~~
                """)
        try workplace.write("stages: {x: {stage: constant}}", to: "a.yaml")
        try workplace.write("include: [a.yaml]\nstages: {x: {stage: constant}}", to: "plan.yaml")
        #expect(
            workplace.message() == """
                stage 'x' twice (plan.yaml:2:10), first at a.yaml:1:10; rename one, or include its file with 'as'
                  2 | stages: {x: {stage: constant}}
                    |          ^
                """)
    }

    @Test("a pipe is no source, nor is it a file of one", .timeLimit(.minutes(1)))
    func pipes() throws {
        let workplace = try Workplace(
            "sources: {s: {path: data}}\nstages: {f: {stage: folder, inputs: {folder: s}}}")
        try workplace.write("1", to: "data/one.txt")
        #expect(mkfifo(workplace.path("data/pipe"), 0o600) == 0)
        let plan = try workplace.load()
        #expect(throws: PipelineError.self) { try PlanForecast(plan: plan, store: nil) }
        try workplace.write("sources: {s: {path: data/pipe}}", to: "plan.yaml")
        #expect(
            workplace.message().hasPrefix("source 's': cannot read 'data/pipe': it is neither a file nor a folder"))
    }

    @Test("bytes that are not UTF-8 are found by line")
    func invalidUTF8() throws {
        let workplace = try Workplace()
        let bytes = Array("stages:\n  # caf".utf8) + [0xE9] + Array("\n".utf8)
        try Data(bytes).write(to: workplace.folder.appending(path: "plan.yaml"))
        #expect(workplace.message() == "plan.yaml:2: the line is not valid UTF-8; save the file as UTF-8")
    }

    @Test("aliases that multiply are stopped")
    func aliasBomb() throws {
        var plan = "x-a: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in 1..<12 {
            plan +=
                "x-\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        let message = try Workplace(plan + "stages: {}").message()
        #expect(message.hasPrefix("more than 100000 values once aliases are followed"))
    }

    @Test("deep nesting is an error, not a crash", arguments: [100, 500_000])
    func deepNesting(depth: Int) throws {
        let plan = "stages: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(try Workplace(plan).message() != "no error")
    }

    @Test("a file far too long for a pipeline is refused unread")
    func tooLarge() throws {
        let message = try Workplace(String(repeating: "# long\n", count: 200_000)).message()
        #expect(
            message
                == "'plan.yaml' has 1400000 bytes, more than the 1048576 a pipeline file may have; is it the right file?"
        )
    }
}
