import Artifacts
import Foundation
import Pipeline
import Testing

@Suite("Audits")
struct AuditTests {
    let workplace: Workplace

    init() throws { workplace = try Workplace() }

    /// Runs two stages, the second in a mood, with one thread and one shard; then audits the second with two threads
    /// and small shards in the other order.
    private func audit(
        _ mood: String, share: Double = 1, tolerance: Double = 1e-6, in given: Workplace? = nil,
        change: (ArtifactStore) throws -> Void = { _ in }
    ) async throws -> StageAudit {
        let workplace = try given ?? Workplace()
        try workplace.write(
            """
            stages:
              first: {stage: constant, params: {values: [8, 3, 5, 4, 9, 1, 7]}}
              second: {stage: moody, params: {mood: \(mood)}, inputs: {numbers: first}, exec: {threads: 1, shards: 1}}
            """, to: "plan.yaml")
        try #require(try await workplace.run().outcomes == ["first ran", "second ran"])
        let (plan, store) = (try workplace.load(), try workplace.store())
        try change(store)
        var execution = ExecutionOptions(threads: 2, shardSize: .rows(2))
        execution.reversesShards = true
        return try await StageAuditor(
            plan: plan, forecast: PlanForecast(plan: plan, store: store), store: store,
            options: AuditOptions(execution: execution, share: share, seed: 5, tolerance: tolerance)
        ).audit("second")
    }

    private func verdict(_ audit: StageAudit) throws -> AuditVerdict {
        guard case .compared(let outputs) = audit.outcome else {
            Issue.record("\(audit.outcome)")
            return .identical
        }
        return try #require(outputs.first).verdict
    }

    @Test("what depends on its inputs alone is identical, and the store is left as it was")
    func steady() async throws {
        let audit = try await audit("steady", in: workplace)
        #expect(try verdict(audit) == .identical && audit.isReproduced && audit.sample == nil)
        #expect(!FileManager.default.fileExists(atPath: workplace.path("store/isolated")))
        let objects = try FileManager.default.subpathsOfDirectory(atPath: workplace.path("store/objects"))
        #expect(objects.filter { $0.hasSuffix(".zst") }.count == 2)
    }

    @Test("rows in another order are told from other rows")
    func order() async throws {
        let audit = try await audit("order")
        #expect(try verdict(audit) == .reordered && !audit.isReproduced)
    }

    @Test("numbers that differ in their last digits are close, within the tolerance alone")
    func digits() async throws {
        guard case .close(let largest) = try verdict(await audit("digits")) else {
            Issue.record("not close")
            return
        }
        #expect(largest > 0.9e-9 && largest < 1.1e-9)
        guard case .different(let difference) = try verdict(await audit("digits", tolerance: 1e-10)) else {
            Issue.record("not different")
            return
        }
        #expect(difference.row == 0 && difference.path == "value" && difference.stored?.doubleValue != nil)
    }

    @Test("the first row that differs is shown, or the one that is missing")
    func differences() async throws {
        let company = try verdict(await audit("company"))
        #expect(company == .different(RowDifference(row: 0, path: "value", stored: 11.0, computed: 6.0)))
        guard case .different(let difference) = try verdict(await audit("forgetful")) else {
            Issue.record("not different")
            return
        }
        #expect(difference.row == 13 && difference.computed == JSONValue?.none, "\(difference)")
        #expect(difference.stored?["value"] == 1.75, "\(difference)")
    }

    @Test("a sample takes some rows, the same for a seed, and compares each with its own place")
    func sampled() async throws {
        let audit = try await audit("steady", share: 0.4)
        #expect(try verdict(audit) == .identical)
        #expect(audit.sample?.rows == 3 && audit.sample?.of == 7)
        guard case .different(let difference) = try verdict(await self.audit("company", share: 0.2)) else {
            Issue.record("not different")
            return
        }
        #expect(difference.row.isMultiple(of: 2) && difference.row < 14)
        // A whole row is missing: then rows and results cannot be matched, and all of them are compared.
        #expect(try verdict(await self.audit("forgetful", share: 0.2)) != .identical)
    }

    @Test("a stage without a result, and one whose input is damaged, say so")
    func nothingToCompare() async throws {
        try workplace.write("stages: {second: {stage: constant}}", to: "plan.yaml")
        let (plan, store) = (try workplace.load(), try workplace.store())
        let auditor = StageAuditor(
            plan: plan, forecast: try PlanForecast(plan: plan, store: store), store: store,
            options: AuditOptions(execution: ExecutionOptions()))
        guard case .noResult(let reason) = try await auditor.audit("second").outcome else {
            Issue.record("there is a result")
            return
        }
        #expect(reason == "never ran")
        await #expect(throws: PipelineError.self) { try await auditor.audit("third") }

        let other = try Workplace()
        let damaged = try await audit("steady", in: other) { store in
            let first = try #require(try store.artifacts().first { $0.stageName == "first" }).reference
            let digest = first.digest.hex
            let file = other.path("store/objects/sha256/\(digest.prefix(2))/\(digest).jsonl.zst")
            var bytes = try Data(contentsOf: URL(filePath: file))
            bytes[12] ^= 1
            try FileManager.default.removeItem(atPath: file)
            try bytes.write(to: URL(filePath: file))
        }
        guard case .damaged(let message) = damaged.outcome else {
            Issue.record("it is not called damaged")
            return
        }
        #expect(!message.contains("isolated"), "a path that is gone: \(message)")
        #expect(message.contains("damaged") || message.contains("hashes"))
    }
}
