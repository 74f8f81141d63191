import Foundation
import Testing

@Suite("The surroundings of an audit")
struct AuditSurroundingsTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
    }

    /// An audit that is handed `padding` bytes of environment, where little more than 256 kB may be handed over.
    private func audit(padding: Int) throws -> Binary.Result {
        // A quarter of the stack is the limit of arguments and environment together.
        place.pipeline.launcher = ["/bin/sh", "-c", "ulimit -s 1024; exec \"$0\" \"$@\""]
        // One variable alone may have 128 kB.
        place.pipeline.environment = Dictionary(
            uniqueKeysWithValues: (0..<4).map { ("PADDING\($0)", String(repeating: "x", count: padding / 4)) })
        return try place.pipeline.run("audit", "seeds", "--threads", "2")
    }

    @Test("a program that cannot be started again audits in the surroundings it has, and says so")
    func cannotStartAgain() throws {
        let free = try audit(padding: 0)
        try #require(free.status == 0, "\(free.stderr)")
        #expect(free.stdoutLines.first?.hasSuffix(", batches of 3, tr_TR.UTF-8, Asia/Kathmandu") == true)
        // As much as the shell may just hand over is too much with the variables of the audit.
        var (possible, impossible) = (0, 300_000)
        var last = free
        while impossible - possible > 16 {
            let middle = (possible + impossible) / 2
            let result = try audit(padding: middle)
            if result.status == 0 { (possible, last) = (middle, result) } else { impossible = middle }
        }
        #expect(
            last.stdoutLines.first?.hasSuffix(
                ", batches of 3, in the caller's locale and time zone: the program cannot be started again here")
                == true,
            "\(last.stdout)")
        #expect(last.stdoutLines.last == "1 stage reproduced")
    }

    @Test("the report of an audit says in which surroundings it was made, and of which run")
    func json() throws {
        let run = try #require(try place.pipeline.run("runs", "ls").stdoutLines.last?.prefix { $0 != " " })
        let json = try place.pipeline.run("audit", "--json").json()
        #expect(json["other_surroundings"] as? Bool == true)
        #expect((json["taken_over"] as? [String: Any])?["run"] as? String == String(run))
        let text = try place.pipeline.run("audit")
        #expect(text.stderrLines.first.map(String.init) == "as in run \(run): seeds.yaml")
        let named = try place.pipeline.run("audit", "--file", "seeds.yaml", "--json").json()
        #expect(named["taken_over"] is NSNull)
    }
}
