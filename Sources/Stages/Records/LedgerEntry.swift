public import Artifacts

/// What a filter did with one item, and why. Every item that a filter sees has an entry: nothing vanishes.
public struct LedgerEntry: Record, Equatable {
    public static let schema = RecordSchema("ledger-entry", version: 1)

    public enum Decision: String, Codable, Sendable {
        case kept, dropped
    }

    public let id: String
    /// The id of the item: a tree, a prompt, a judge example.
    public let item: String
    public let decision: Decision
    /// The rule, in a fixed word.
    public let reason: String
    /// What the rule saw, for people.
    public let detail: String

    package init(item: String, decision: Decision, reason: some RawRepresentable<String>, detail: String = "") {
        id = RecordID.derive(
            Self.schema.name,
            [.string(item), .string(decision.rawValue), .string(reason.rawValue), .string(detail)])
        self.item = item
        self.decision = decision
        self.reason = reason.rawValue
        self.detail = detail
    }
}

/// How many items a filter kept and dropped, by reason.
package struct FilterReport: Equatable, Sendable {
    package private(set) var kept: [String: Int] = [:]
    package private(set) var dropped: [String: Int] = [:]

    package init(_ ledger: [LedgerEntry]) {
        for entry in ledger {
            switch entry.decision {
            case .kept: kept[entry.reason, default: 0] += 1
            case .dropped: dropped[entry.reason, default: 0] += 1
            }
        }
    }
}
