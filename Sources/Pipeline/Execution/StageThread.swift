internal import Dispatch

/// Runs the jobs of one stage, one after the other, away from the shared pool: a stage may compute for hours without
/// suspending, and the pool has no more threads than the machine has cores.
final class StageThread: TaskExecutor {
    private let queue: DispatchQueue

    init(stage: String) {
        queue = DispatchQueue(label: "stage \(stage)")
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
