import CKernels
import Foundation
import Synchronization

/// A fixed set of threads that runs the iterations of one loop at a time.
///
/// Results never depend on the number of threads: a caller splits its work into tiles by the shape of the problem
/// alone, and each tile writes its own part of the output. Threads wait actively for a moment, then sleep.
public final class WorkerPool: Sendable {
    public let threads: Int
    private let crew: Crew

    /// - Parameter threads: how many run at once, the caller included; at least 1.
    public init(threads: Int) {
        precondition(threads >= 1, "WorkerPool: \(threads) threads")
        self.threads = threads
        crew = Crew(helpers: threads - 1)
    }

    deinit { crew.stop() }

    /// Runs `body(0) … body(count - 1)`, each once, in any order, and returns when all are done.
    ///
    /// - Precondition: not called from inside `body`.
    public func run(_ count: Int, _ body: (Int) -> Void) {
        runWithWorkers(count) { index, _ in body(index) }
    }

    /// Like `run`, and tells `body` which worker, in `0..<threads`, runs it: for scratch memory of its own.
    ///
    /// - Precondition: not called from inside `body`. What `body` computes must not depend on the worker.
    package func runWithWorkers(_ count: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
        if count <= 0 { return }
        if threads == 1 || count == 1 {
            for index in 0..<count { body(index, 0) }
            return
        }
        withoutActuallyEscaping(body) { crew.run(count, $0) }
    }
}

/// The threads of a pool and the loop they share.
private final class Crew: @unchecked Sendable {
    // SAFETY: `body` and `count` are written only while every helper is idle (`busy` is 0), before `generation` is
    // raised with release order; helpers read them after seeing the new generation with acquire order.
    private var body: (Int, Int) -> Void = { _, _ in }
    private var count = 0
    private let helpers: Int
    private let generation = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    private let busy = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let wake = NSCondition()
    private let turn = NSLock()

    init(helpers: Int) {
        self.helpers = helpers
        for helper in 0..<helpers {
            let thread = Thread { [self] in work(as: helper + 1) }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    func run(_ count: Int, _ body: @escaping (Int, Int) -> Void) {
        turn.lock()
        defer { turn.unlock() }
        self.body = body
        self.count = count
        next.store(0, ordering: .relaxed)
        busy.store(helpers, ordering: .relaxed)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wake.lock()
        wake.broadcast()
        wake.unlock()
        takeIterations(as: 0)
        var spins = 0
        while busy.load(ordering: .acquiring) > 0 {
            spins += 1
            if spins < 4_000 { kernel_pause() } else { sched_yield() }
        }
        self.body = { _, _ in }
    }

    func stop() {
        stopped.store(true, ordering: .releasing)
        generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        wake.lock()
        wake.broadcast()
        wake.unlock()
    }

    private func takeIterations(as worker: Int) {
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if index >= count { return }
            body(index, worker)
        }
    }

    private func work(as worker: Int) {
        var seen = 0
        while true {
            waitForGeneration(after: seen)
            seen = generation.load(ordering: .acquiring)
            if stopped.load(ordering: .acquiring) { return }
            takeIterations(as: worker)
            busy.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func waitForGeneration(after seen: Int) {
        for _ in 0..<4_000 {
            if generation.load(ordering: .acquiring) != seen { return }
            kernel_pause()
        }
        wake.lock()
        while generation.load(ordering: .acquiring) == seen { wake.wait() }
        wake.unlock()
    }
}
