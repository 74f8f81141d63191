import Foundation
import Testing

@Suite("Strict keys, cores and memory on the command line")
struct StrictOptionTests {
    let place: Workplace

    init() throws {
        place = try Workplace()
        try place.writeSeedPipeline()
    }

    /// What each of the commands that look into the store says of the only stage.
    private func states(_ options: [String], file: [String] = ["seeds.yaml"]) throws -> [String] {
        var commands = [["status"] + file, ["why", "seeds"] + file]
        if !file.isEmpty { commands.append(["plan"] + file) }
        return try commands.map { command in
            let json = try place.pipeline.run(command + options + ["--json"]).json()
            let stage = (json["stages"] as? [[String: Any]])?.first ?? json
            return "\(stage["state"] ?? "–"): \(stage["reason"] ?? "–")"
        }
    }

    @Test("--strict-code: a result of an unknown build is not reused; run, plan, status and why agree")
    func code() throws {
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        #expect(Set(try states([])) == ["cached: unchanged"])
        let strict = Set(try states(["--strict-code"]))
        #expect(strict.count == 1)
        #expect(
            strict.first?.wholeMatch(of: #/run: --strict-code asks for a result of this build, [0-9a-f]{12}/#) != nil,
            "\(strict)")
        let run = try place.pipeline.run("run", "seeds.yaml", "--strict-code", "--json")
        #expect((try run.json()["stages"] as? [String: Int])?["ran"] == 1)
        #expect(Set(try states(["--strict-code"])) == ["cached: unchanged"])
        #expect(Set(try states([])) == ["cached: unchanged"])
    }

    @Test("status and why of the newest run are as strict as that run was")
    func remembered() throws {
        try #require(try place.pipeline.run("run", "seeds.yaml", "--strict-code").status == 0)
        #expect(Set(try states([], file: [])) == ["cached: unchanged"])
        let plain = try states([])
        #expect(
            plain.allSatisfy { $0.hasPrefix("run: the earlier result counts under --strict-code only, for build ") },
            "\(plain)")
        #expect(try place.pipeline.run("runs", "show").stdoutLines.contains("strict    code"))
    }

    @Test("--strict-numerics leaves exact work alone")
    func numericsOfExactWork() throws {
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        #expect(Set(try states(["--strict-numerics"])) == ["cached: unchanged"])
    }

    @Test("more cores or memory than there are: refused with 2 and the numbers, before there is a store")
    func refused() throws {
        let cores = try place.pipeline.run("run", "seeds.yaml", "--threads", "2", "--set", "seeds.exec.cpus=3")
        #expect(cores.status == 2 && cores.stdout.isEmpty)
        #expect(
            cores.stderr == """
                error: stage 'seeds' needs 3 cores ('exec.cpus'), and this run has 2 (--set:1:17); ask for fewer, give \
                the run more with --threads, or use a larger machine
                  1 | seeds.exec.cpus=3
                    |                 ^

                """)
        let memory = try place.pipeline.run(
            "run", "seeds.yaml", "--memory", "1GiB", "--set", "seeds.exec.memory=1.5GiB", "--json")
        #expect(memory.status == 2 && memory.stdout.isEmpty)
        #expect(
            memory.stderr.contains("needs 1.5 GiB of memory ('exec.memory'), and this run has 1 GiB (--set:1:19)"))
        #expect(try memory.errorJSON()["code"] as? Int == 2)
        let machine = try place.pipeline.run("run", "seeds.yaml", "--set", "seeds.exec.memory=4000TiB")
        #expect(machine.status == 2 && machine.stderr.contains("needs 4096000 GiB of memory"))
        #expect(!place.exists("artifacts"))
        let allowed = try place.pipeline.run(
            "run", "seeds.yaml", "--memory", "5000TiB", "--set", "seeds.exec.memory=4000TiB")
        #expect(allowed.status == 0)
    }

    @Test("what belongs under exec gets a hint to its place")
    func executionAsParameter() throws {
        let result = try place.pipeline.run("plan", "seeds.yaml", "--set", "seeds.threads=1")
        #expect(result.status == 2)
        #expect(
            result.stderr.hasPrefix(
                "error: stage 'seeds': unknown key 'threads' (--set:1:7); did you mean 'seeds.exec.threads'?\n"))
    }

    @Test("what stands beside the parameters gets told where that is", arguments: ["salt", "cache", "seed"])
    func besideParameters(key: String) throws {
        let result = try place.pipeline.run("plan", "seeds.yaml", "--set", "seeds.\(key)=1")
        #expect(result.status == 2 && result.stdout.isEmpty)
        #expect(
            result.stderr.hasPrefix(
                "error: stage 'seeds': '\(key)' is no parameter (--set:1:7); it stands beside 'params' in the pipeline file, "
                    + "or in an overlay (-f) as 'stages: {seeds: {\(key): …}}'\n"), "\(result.stderr)")
        try place.write("stages: {seeds: {salt: x}}", to: "salt.yaml")
        #expect(try place.pipeline.run("plan", "seeds.yaml", "-f", "salt.yaml").status == 0)
    }

    @Test("a stage that is not to be cached says so in plan, status and why")
    func cachePolicies() throws {
        try #require(try place.pipeline.run("run", "seeds.yaml").status == 0)
        try place.write("stages: {seeds: {cache: {read: false}}}", to: "read.yaml")
        #expect(Set(try states(["-f", "read.yaml"])) == ["run: computed each time ('cache: {read: false}')"])
        try place.write("stages: {seeds: {cache: {write: false}, params: {ift: 3}}}", to: "write.yaml")
        let states = try states(["-f", "write.yaml"])
        #expect(states.allSatisfy { $0.hasSuffix("; the result is not kept ('cache: {write: false}')") }, "\(states)")
    }
}
