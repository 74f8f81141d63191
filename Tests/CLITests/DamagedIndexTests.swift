import Foundation
import Testing

extension SmokeLoop {
    @Suite("A damaged index does not keep a run from its results")
    struct DamagedIndexTests {
        let place: Workplace

        init() throws { (place, _) = try Workplace.afterLoop() }

        private var index: URL { place.folder.appending(path: "artifacts/index.sqlite") }

        enum Damage: String, CaseIterable {
            case garbage, cutShort, zeros

            func apply(to bytes: Data) -> Data {
                switch self {
                case .garbage: Data("this is no database, whatever its name says".utf8)
                case .cutShort: bytes.prefix(bytes.count * 2 / 3)
                case .zeros: Self.withZeros(bytes, page: bytes.count / 4096 / 2)
                }
            }

            private static func withZeros(_ bytes: Data, page: Int) -> Data {
                var bytes = bytes
                bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(count: 4096))
                return bytes
            }
        }

        @Test(
            "run makes it anew, says so in one line, keeps the old one and reuses everything",
            arguments: Damage.allCases)
        func run(damage: Damage) throws {
            let damaged = damage.apply(to: try Data(contentsOf: index))
            try damaged.write(to: index)
            let result = try place.pipeline.run("run", SmokeLoop.file, "--json")
            #expect(result.status == 0, "\(result.stderr)")
            #expect(try LoopReport(result).cached.count == SmokeLoop.stageCount)
            let warnings = result.stderrLines.filter { $0.hasPrefix("warning: ") }
            #expect(warnings.count == 1, "\(result.stderr)")
            #expect(warnings.first?.hasPrefix("warning: the index of store 'artifacts' was damaged (") == true)
            #expect(
                warnings.first?.hasSuffix(
                    ") and is made anew from its records; the old one is kept as 'artifacts/quarantine/index.sqlite'")
                    == true)
            #expect(
                try Data(contentsOf: place.folder.appending(path: "artifacts/quarantine/index.sqlite")) == damaged)
            #expect(try place.pipeline.run("verify").status == 0)
            #expect(try !place.pipeline.run("run", SmokeLoop.file).stderr.contains("warning: "))
        }

        @Test("commands that only read leave it, and name the one that makes it anew")
        func reading() throws {
            let damaged = Damage.garbage.apply(to: Data())
            try damaged.write(to: index)
            for command in [["status", SmokeLoop.file], ["artifacts", "ls"], ["verify"], ["plan", SmokeLoop.file]] {
                let result = try place.pipeline.run(command)
                #expect(result.status == 15 && result.stderr.contains("'verify --rebuild-index'"), "\(result.stderr)")
            }
            #expect(try Data(contentsOf: index) == damaged)
        }

        @Test("while another program works on the store the error says so, and nothing is changed")
        func busy() throws {
            let lock = open(place.folder.appending(path: "artifacts/locks/store").path, O_RDWR | O_CREAT, 0o644)
            defer { close(lock) }
            try #require(flock(lock, LOCK_SH) == 0)
            let damaged = Damage.garbage.apply(to: Data())
            try damaged.write(to: index)
            let result = try place.pipeline.run("run", SmokeLoop.file)
            #expect(result.status == 15, "\(result.stderr)")
            #expect(
                result.stderr.contains("is damaged, and another process works on its store; wait for that to end"))
            #expect(try Data(contentsOf: index) == damaged)
        }
    }
}
