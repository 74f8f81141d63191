import Artifacts
import Foundation
import Testing

@Suite("A damaged index is made anew by who works on the store")
struct IndexMendingTests {
    let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        let store = try fixture.open()
        for number in 0..<40 {
            let claim = try #require(try store.claim(key("\(number)")))
            defer { claim.release() }
            try store.commit(
                record("\(number)", outputs: ["rows": store.write([Sample(number)])], stage: "stage-\(number)"),
                claim: claim)
        }
    }

    private var index: URL { fixture.root.appending(path: "index.sqlite") }

    private static let pageSize = 4096

    private func damage(_ change: (inout Data) -> Void) throws {
        var bytes = try Data(contentsOf: index)
        change(&bytes)
        try bytes.write(to: index)
    }

    @Test("a sound one is left as it is")
    func sound() throws {
        let before = try Data(contentsOf: index)
        #expect(try ArtifactStore.openMending(fixture.root).rebuild == nil)
        #expect(try Data(contentsOf: index) == before)
        #expect(!FileManager.default.fileExists(atPath: fixture.root.appending(path: "quarantine").path))
    }

    @Test("any one page of zeros is noticed, and what the index told is told again")
    func zeroPages() throws {
        let whole = try Data(contentsOf: index)
        let before = try fixture.open().artifacts()
        try #require(whole.count > 8 * Self.pageSize)
        for page in 0..<(whole.count / Self.pageSize) {
            try damage { bytes in
                bytes = whole
                bytes.replaceSubrange(
                    page * Self.pageSize..<(page + 1) * Self.pageSize, with: Data(count: Self.pageSize))
            }
            let (store, rebuild) = try ArtifactStore.openMending(fixture.root)
            #expect(rebuild?.keptAs != nil, "page \(page)")
            #expect(try Set(store.artifacts().map(\.name)) == Set(before.map(\.name)))
        }
    }

    @Test("so is an end that is missing, at any page and within one", arguments: [100, 4096, 5000, 20_480])
    func truncated(size: Int) throws {
        try damage { $0 = $0.prefix(size) }
        let (store, rebuild) = try ArtifactStore.openMending(fixture.root)
        #expect(rebuild?.keptAs == "quarantine/index.sqlite")
        #expect(try store.artifacts().count == 40)
    }

    @Test("while another works on the store it is left, and the error says so")
    func busy() throws {
        let store = try fixture.open()
        let claim = try #require(try store.claim(key("other")))
        defer { claim.release() }
        try damage { $0 = Data("no database".utf8) }
        #expect(throws: ArtifactError.damagedIndexInUse(path: index.path)) {
            try ArtifactStore.openMending(fixture.root)
        }
        #expect(try Data(contentsOf: index) == Data("no database".utf8))
    }

    @Test("of many at once one makes it anew, and all find it sound")
    func crowd() async throws {
        try damage { $0 = Data("no database".utf8) }
        let root = fixture.root
        let rebuilds = try await withThrowingTaskGroup(of: IndexRebuild?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let (store, rebuild) = try ArtifactStore.openMending(root)
                    #expect(try store.artifacts().count == 40)
                    return rebuild
                }
            }
            return try await group.reduce(into: []) { if let rebuild = $1 { $0.append(rebuild) } }
        }
        #expect(rebuilds.count == 1)
        #expect(try fixture.files(under: "quarantine") == ["index.sqlite"])
    }

    @Test("a file that is no database is nobody's index where there are no records, and a foreign database nowhere")
    func foreign() throws {
        try damage { $0 = Data("no database".utf8) }
        try FileManager.default.removeItem(at: fixture.root.appending(path: "records"))
        #expect(throws: ArtifactError.foreignIndex(path: index.path, reason: "it is no SQLite database")) {
            try ArtifactStore.openMending(fixture.root)
        }
        #expect(try Data(contentsOf: index) == Data("no database".utf8))
    }
}
