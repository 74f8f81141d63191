import Artifacts
import Foundation
import Testing

@Suite("Order of a commit")
struct CommitOrderTests {
    @Test("bytes are durable before their name, names before the record, the record before the index")
    func order() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        let plan = FaultPlan()
        let output = try FileSystem.$observer.withValue(plan) {
            let claim = try #require(try store.claim(key("a")))
            let output = try store.write([Sample(1)])
            try store.commit(record("a", outputs: ["rows": output]), claim: claim)
            return output
        }
        let object = fixture.url(of: output).path
        let hex = key("a").hex
        let recordFile = fixture.root.appending(path: "records/\(hex.prefix(2))/\(hex).json").path
        let order = try name(object, in: plan.steps) + name(recordFile, in: plan.steps)
        let transaction = try #require(plan.steps.lastIndex(of: .transaction(fixture.root.path + "/index.sqlite")))
        #expect(order + [transaction] == (order + [transaction]).sorted())
        #expect(Set(order).count == 6)
    }

    /// Where a file is synchronised, gets the name `path`, and where that becomes durable.
    private func name(_ path: String, in steps: [FileStep]) throws -> [Int] {
        let link = try #require(steps.firstIndex { if case .link(_, path) = $0 { true } else { false } })
        guard case .link(let temporary, _) = steps[link] else { return [] }
        let synchronised = try #require(steps.firstIndex(of: .synchronise(temporary)))
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let durable = try #require(steps[link...].firstIndex(of: .synchroniseFolder(folder)))
        return [synchronised, link, durable]
    }
}
