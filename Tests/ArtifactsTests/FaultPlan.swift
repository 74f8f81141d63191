import Artifacts
import Synchronization

/// Makes chosen steps fail, and takes down all that were asked for.
final class FaultPlan: FileObserver {
    private let choose: @Sendable (_ number: Int, FileStep) -> FileFault?
    private let asked = Mutex<[FileStep]>([])

    /// - Parameter choose: the fault of a step, whose number counts from 0.
    init(_ choose: @escaping @Sendable (_ number: Int, FileStep) -> FileFault? = { _, _ in nil }) {
        self.choose = choose
    }

    /// Every step, whether it was done or failed.
    var steps: [FileStep] { asked.withLock { $0 } }

    func fault(before step: FileStep) -> FileFault? {
        let number = asked.withLock { asked in
            asked.append(step)
            return asked.count - 1
        }
        return choose(number, step)
    }

    func done(_ step: FileStep) {}
}
