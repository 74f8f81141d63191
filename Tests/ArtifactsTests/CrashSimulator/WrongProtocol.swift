import Artifacts
import Testing

/// A mistake in the order of a protocol, made in the trace of the right one.
enum WrongProtocol: String, CaseIterable, CustomTestStringConvertible {
    case filesAreNotSynchronised = "files are not synchronised"
    case foldersAreNotSynchronised = "folders are not synchronised"
    case namesComeFirst = "files get their names before they are synchronised"
    case indexComesBeforeRecord = "the index learns of a record before that is in place"
    case indexComesFirst = "the index learns of a stage before its outputs are in place"
    case okFileComesFirst = "an ok-file comes before its piece"
    case oldPieceGoesFirst = "the old piece goes before the new one counts"

    var testDescription: String { rawValue }

    func made(in trace: Trace) -> Trace {
        Trace(before: trace.before, events: events(of: trace))
    }

    private func events(of trace: Trace) -> [Trace.Event] {
        let events = trace.events
        return switch self {
        case .filesAreNotSynchronised:
            events.filter { if case .step(.synchronise) = $0 { false } else { true } }
        case .foldersAreNotSynchronised:
            events.filter { if case .step(.synchroniseFolder) = $0 { false } else { true } }
        case .namesComeFirst:
            WrongProtocol.filesAreNotSynchronised.events(of: trace).flatMap { event in
                switch event {
                case .step(.link(_, let target)), .step(.rename(_, let target)):
                    [event, .step(.synchronise(target))]
                default: [event]
                }
            }
        case .indexComesBeforeRecord: Self.advance(events, Self.isTransaction, before: Self.isLink(into: "/records/"))
        case .indexComesFirst: Self.advance(events, Self.isTransaction, before: Self.isLink(into: "/objects/"))
        case .okFileComesFirst: Self.advance(events, Self.isRename(to: ".ok.json"), before: Self.isRename(to: "@"))
        case .oldPieceGoesFirst: Self.advance(events, Self.isRemoval(of: "@"), before: Self.isRename(to: ".ok.json"))
        }
    }

    /// Moves each event that `isEarly` to before the latest one that `isLate`.
    private static func advance(
        _ events: [Trace.Event], _ isEarly: (Trace.Event) -> Bool, before isLate: (Trace.Event) -> Bool
    ) -> [Trace.Event] {
        var moved: [Trace.Event] = []
        for event in events {
            if isEarly(event), let place = moved.lastIndex(where: isLate) {
                moved.insert(event, at: place)
            } else {
                moved.append(event)
            }
        }
        return moved
    }

    private static func isTransaction(_ event: Trace.Event) -> Bool {
        if case .transaction = event { true } else { false }
    }

    private static func isLink(into folder: String) -> (Trace.Event) -> Bool {
        { if case .step(.link(_, let target)) = $0 { target.contains(folder) } else { false } }
    }

    private static func isRename(to part: String) -> (Trace.Event) -> Bool {
        { if case .step(.rename(_, let target)) = $0 { target.contains(part) } else { false } }
    }

    private static func isRemoval(of part: String) -> (Trace.Event) -> Bool {
        { if case .step(.remove(let path)) = $0 { path.contains(part) } else { false } }
    }
}
