internal import Dispatch
internal import Foundation
internal import Synchronization

/// Turns the first SIGINT or SIGTERM into a request to stop in good order, and the second into an end at once.
final class Interrupts: Sendable {
    private let received = Mutex<Int32?>(nil)
    // SAFETY: written in `init` only and never read; a source that nobody holds is cancelled.
    nonisolated(unsafe) private var sources: [any DispatchSourceSignal] = []

    /// - Parameters:
    ///   - onFirst: asks the work to stop; called once, on a queue of its own.
    ///   - onSecond: puts the screen in order before the process ends.
    init(onFirst: @escaping @Sendable () -> Void, onSecond: @escaping @Sendable () -> Void = {}) {
        let queue = DispatchQueue(label: "interrupts")
        for number in [SIGINT, SIGTERM] {
            // The default action would end the process before the queue hears of the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [weak self] in self?.receive(number, onFirst, onSecond) }
            source.activate()
            sources.append(source)
        }
    }

    /// How the program should end because of a signal; nil where none came.
    var status: ExitStatus? {
        received.withLock { $0 }.map { $0 == SIGTERM ? .terminated : .interrupted }
    }

    private func receive(_ number: Int32, _ onFirst: () -> Void, _ onSecond: () -> Void) {
        let isFirst = received.withLock { received in
            defer { received = received ?? number }
            return received == nil
        }
        if isFirst {
            onFirst()
        } else {
            onSecond()
            // Not `exit`: handlers that wait for the work to end would wait for what is to be cut short.
            _exit(128 + number)
        }
    }
}
