import Foundation
import Stages
import TestSupport
import Testing

@Suite("Rubrics with a scale of their own")
struct ScoreFormTests {
    private func template(_ head: String) throws -> JudgeTemplate {
        try JudgeTemplate("---\n\(head)\n---\n{instruction}|{response}\n", name: "rubric")
    }

    private func shipped(_ name: String) throws -> JudgeTemplate {
        let file = SharedData.repository.appending(path: "pipelines/data/\(name)")
        return try JudgeTemplate(String(contentsOf: file, encoding: .utf8), name: name)
    }

    @Test("the head gives scale, word and lines, and is not part of the text")
    func head() throws {
        let template = try template("scale: 1 to 7\nlabel: Rating\n\ntrailing_lines: 0")
        #expect(template.form.scale == 1...7 && template.form.label == "Rating" && template.form.trailingLines == 0)
        #expect(template.render(instruction: "i", response: "r") == "i|r")
    }

    @Test(
        "a head is one with line ends of Windows, a byte order mark, and spaces that nobody sees too",
        arguments: [
            "---\r\nscale: 1 to 5\r\n---\r\n{instruction}|{response}\r\n",
            "\u{FEFF}---\nscale: 1 to 5\n---\n{instruction}|{response}\n",
            "--- \nscale: 1 to 5\n---\t\n{instruction}|{response}\n",
        ])
    func unseen(text: String) throws {
        let template = try JudgeTemplate(text, name: "rubric")
        #expect(template.form.scale == 1...5)
        #expect(template.render(instruction: "i", response: "r") == "i|r")
    }

    @Test("a file without a head is additive, also where dashes stand further down")
    func withoutHead() throws {
        #expect(
            try JudgeTemplate("{instruction}\n---\nscale: 1 to 3\n---\n{response}", name: "rubric").form == .additive)
        #expect(try shipped("rubric-additive.txt").form == .additive)
        #expect(ScoreForm.additive.scale == 0...5 && ScoreForm.additive.label == "Score")
    }

    @Test(
        "a head that cannot be understood is refused, with the line",
        arguments: [
            (
                "scale: 5 to 1",
                "its head, 'scale: 5 to 1': must be two whole numbers from 0 to 10 in rising order, as in '1 to 5'"
            ),
            (
                "scale: 1 to 11",
                "its head, 'scale: 1 to 11': must be two whole numbers from 0 to 10 in rising order, as in '1 to 5'"
            ),
            ("scale", "its head, 'scale': must be two whole numbers from 0 to 10 in rising order, as in '1 to 5'"),
            ("label: Your score", "its head, 'label: Your score': must be one word of the letters a to z"),
            ("label:", "its head, 'label:': must be one word of the letters a to z"),
            ("trailing_lines: few", "its head, 'trailing_lines: few': must be a number from 0 on"),
            ("scal: 1 to 5", "its head, 'scal: 1 to 5': there are 'scale', 'label' and 'trailing_lines'"),
            ("label: A\nlabel: B", "its head, 'label: B': is there twice"),
        ])
    func refused(head: String, problem: String) {
        #expect(throws: StageError.malformedTemplate(name: "rubric", problem: problem)) { try template(head) }
    }

    @Test("a head without an end is refused")
    func openHead() {
        #expect(
            throws: StageError.malformedTemplate(
                name: "rubric", problem: "its head has no end; close it with a line '---'")
        ) { try JudgeTemplate("---\nscale: 1 to 5\n{instruction}{response}", name: "rubric") }
    }

    @Test(
        "the five-level rubric of the program: 1 to 5, and no 0",
        arguments: [
            ("Good.\n\nScore: 5", 5), ("Score: 1", 1), ("Score: 3/5", 3), ("Score: 4 out of five", 4),
            ("Score: 0", nil),
            ("Score: 6", nil), ("Score: 3/7", nil), ("Rating: 4", nil),
        ] as [(String, Double?)])
    func fiveLevels(reply: String, score: Double?) throws {
        let template = try shipped("rubric-five-level.txt")
        #expect(template.form.scale == 1...5)
        #expect(VerdictParser(template.form).parse(reply, finish: .stop).score == score)
        let text = template.render(instruction: "I?", response: "R.")
        #expect(text.hasPrefix("Below are") && text.hasSuffix("Score: <level>"))
        for level in 1...5 { #expect(text.contains("\n\(level): ")) }
    }

    @Test("another word and another scale are read as the usual ones are, and the usual word then means nothing")
    func otherWord() throws {
        let parser = VerdictParser(try template("scale: 1 to 7\nlabel: Rating").form)
        for (reply, score) in [
            ("Rating: 6", 6), ("**Final rating:** 7/7", 7), ("rating: 2 out of seven", 2), ("Score: 5", nil),
            ("Rating: 5/5", nil), ("Rating: 8", nil), ("Rating: 2. Rating: 3", 3),
        ] as [(String, Double?)] {
            #expect(parser.parse(reply, finish: .stop).score == score, "\(reply)")
        }
        #expect(parser.justification(in: "It is fine.\n\nRating: 6", finish: .stop) == "It is fine.")
    }

    @Test("training targets end as the rubric asks")
    func targets() {
        var form = ScoreForm()
        form.label = "Rating"
        let example = JudgeExample(
            instruction: "i", response: "r", input: "x", justification: "Fine.", score: 3, origin: .seed, form: form)
        #expect(example.target == "Fine.\n\nRating: 3")
    }

    @Test("judged examples beyond the rubric's scale are refused")
    func examples() throws {
        let row = #"{"instruction": "i", "response": "r", "justification": "j", "score": 0}"#
        #expect(
            throws: StageError.malformedLine(
                file: "e", line: 1, problem: "'score' must be a whole number from 1 to 5")
        ) { try withTemporaryFile(row) { try EvaluationExampleReader.read($0, name: "e", scale: 1...5) } }
        #expect(try withTemporaryFile(row) { try EvaluationExampleReader.read($0, name: "e").count } == 1)
    }
}
