import Artifacts

/// What a crash at some moment of a trace may leave.
struct CrashState: Sendable {
    var tree: FileTree
    /// What the store had promised by then.
    var promises: [Promise]
    /// For messages: what was done last, and what became of the rest.
    var place: String { "after \(last), lost \(lost) of \(pending) names and \(loss) of the bytes" }

    var last: String
    var lost: Int
    var pending: Int
    var loss: VolatileDisk.Loss
}

/// The distinct states that crashes in the traces of one scenario leave.
struct CrashStates {
    private var byFingerprint: [Int: CrashState] = [:]
    private var order: [Int] = []
    private var random: ValueGenerator

    init(seed: UInt64) { random = ValueGenerator(seed: seed) }

    var all: [CrashState] { order.compactMap { byFingerprint[$0] } }

    /// Adds the states after each event from `first` on.
    /// - Parameters:
    ///   - density: random choices of lost names at each event, beside the systematic ones.
    ///   - isDue: whether to look at the state after this event.
    mutating func add(
        _ trace: Trace, from first: Int = 0, density: Int, isDue: (Int, Trace.Event) -> Bool = { _, _ in true }
    ) {
        var disk = VolatileDisk(trace.before)
        var promises: [Promise] = []
        var last = "no step"
        for (number, event) in trace.events.enumerated() {
            disk.apply(event)
            switch event {
            case .promise(let promise): promises.append(promise)
            case .step(let step): last = "step \(number), \(step.verb) '\(step.path)'"
            case .transaction: last = "step \(number), a transaction"
            }
            if number >= first, isDue(number, event) { add(disk, promises, after: last, density: density) }
        }
    }

    private mutating func add(_ disk: VolatileDisk, _ promises: [Promise], after last: String, density: Int) {
        let pending = disk.pendingChanges
        let losses: [VolatileDisk.Loss] = disk.hasPendingBytes ? VolatileDisk.Loss.allCases : [.nothing]
        for lost in choices(of: pending, density: density) {
            for loss in losses {
                let tree = disk.tree(losing: lost, bytes: loss)
                let fingerprint = tree.fingerprint
                if byFingerprint[fingerprint] == nil { order.append(fingerprint) }
                // A later moment with the same files has promised no less.
                byFingerprint[fingerprint] = CrashState(
                    tree: tree, promises: promises, last: last, lost: lost.count, pending: pending.count, loss: loss)
            }
        }
    }

    /// Which of the `pending` changes a crash undoes: every combination of the latest three, with none and with all of the
    /// others, and some at random.
    private mutating func choices(of pending: [Int], density: Int) -> [Set<Int>] {
        let latest = pending.suffix(3)
        let others = Set(pending.dropLast(3))
        var choices: [Set<Int>] = []
        for bits in 0..<(1 << latest.count) {
            let lost = Set(latest.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element))
            choices.append(lost)
            if !others.isEmpty { choices.append(lost.union(others)) }
        }
        guard !others.isEmpty else { return choices }
        for _ in 0..<density {
            let share = 1 + random.below(3)
            choices.append(Set(pending.filter { _ in random.below(4) < share }))
        }
        return choices
    }
}
