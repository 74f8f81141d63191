internal import Artifacts
internal import Foundation
internal import Model
internal import Pipeline

/// Takes a trainer to its end, with checkpoints in staging: a killed run goes on from the last one, and its later steps
/// are the same to the bit.
struct TrainingRun {
    /// Pieces in staging. The log is written first: a log longer than the state is cut to it, a shorter one would have
    /// lost steps.
    private static let logName = "training-log"
    private static let stateName = "training-state"
    /// Before the names of metrics of rows that are not learned from, as in TRL.
    private static let heldOutPrefix = "eval_"
    /// A checkpoint is written when this many times the last one's cost has passed, so that checkpoints take at most
    /// about a twentieth of the time. When it is written changes no result.
    private static let patience = 20.0
    /// What the first one is expected to cost, in bytes a second.
    private static let writingSpeed = 200e6

    let trainer: Trainer
    let context: StageContext
    /// What is measured on the way and not learned from, and after how many steps; nil for once, at the end.
    var heldOut: (task: TrainingTask, every: Int?)?
    /// Ends training early where its checkpoints get no better.
    var contest: CheckpointContest?

    /// Every step's metrics, those of an interrupted run included.
    func run() async throws -> [TrainingStep] {
        var steps = try resume()
        try await contest?.begin(at: trainer.progress.step)
        let clock = ContinuousClock()
        var cost = Duration.seconds(Double(12 * trainer.model.layout.count) / Self.writingSpeed)
        var saved = clock.now
        var failures = 0
        while true {
            do {
                try evaluate(&steps)
                if let contest, contest.isDue(at: trainer.progress.step, isLast: trainer.isFinished),
                    try await !contest.goesOn(after: trainer.progress.step)
                {
                    break
                }
                // Asked before the step and within it; a cancelled step leaves no trace in the trainer.
                guard let step = try trainer.step(checkCancellation: context.checkCancellation) else { break }
                steps.append(TrainingStep(step: step.step, metrics: step.values))
                report(step)
            } catch let cancellation as CancellationError {
                if !steps.isEmpty { saveOrWarn(steps, after: &failures) }
                throw cancellation
            }
            if clock.now - saved > cost * Self.patience, !trainer.isFinished {
                let start = clock.now
                // One that failed is tried again after as long a while: the disk may have room by then.
                if saveOrWarn(steps, after: &failures) { cost = clock.now - start }
                saved = clock.now
            }
        }
        return steps
    }

    /// Completes the last step's row with what the held-out rows show, where that is due: `eval_loss` and so on.
    private func evaluate(_ steps: inout [TrainingStep]) throws {
        guard let heldOut, let last = steps.last, last.metrics[Self.heldOutPrefix + "loss"] == nil else { return }
        // Each checkpoint may be the one that is kept.
        let isCheckpoint = contest?.isDue(at: last.step, isLast: trainer.isFinished) ?? false
        guard trainer.isFinished || isCheckpoint || heldOut.every.map({ last.step.isMultiple(of: $0) }) ?? false
        else {
            return
        }
        let values = try trainer.evaluate(heldOut.task, checkCancellation: context.checkCancellation)
        let named = Dictionary(uniqueKeysWithValues: values.map { (Self.heldOutPrefix + $0.key, $0.value) })
        steps[steps.count - 1] = TrainingStep(
            step: last.step, metrics: last.metrics.merging(named) { _, value in value })
    }

    private func report(_ step: StepMetrics) {
        let loss = step.values["loss"].map { String(format: "loss %.4f", $0) }
        context.progress(step.step, of: trainer.totalSteps, unit: "steps", note: loss)
        context.note(step.values)
    }

    /// A checkpoint only saves time. One that cannot be written, as on a full disk, neither ends a training that goes
    /// well nor hides that it was cancelled.
    /// - Parameter failures: how many could not be written; only the first one is told of.
    /// - Returns: whether it was written.
    @discardableResult
    private func saveOrWarn(_ steps: [TrainingStep], after failures: inout Int) -> Bool {
        do {
            try save(steps)
            return true
        } catch {
            if failures == 0 {
                context.warn(
                    "the training's checkpoint at step \(steps.count) cannot be written: \(error); it goes on without, and "
                        + "tries again in silence")
            }
            failures += 1
            return false
        }
    }

    private func save(_ steps: [TrainingStep]) throws {
        try context.staging.publish(rows: steps, as: Self.logName)
        try context.staging.publish(Self.stateName) { writer in try trainer.writeState { try writer.write($0) } }
    }

    /// Puts the trainer where the last sound checkpoint left it; at the start where there is none.
    private func resume() throws -> [TrainingStep] {
        guard let state = try context.staging.open(Self.stateName),
            let log = try context.staging.rows(Self.logName, as: TrainingStep.self)
        else { return [] }
        try trainer.restoreState(from: state)
        let steps = Array(log.prefix(trainer.progress.step))
        guard steps.count == trainer.progress.step else {
            throw StageError.trainingLogTooShort(steps: steps.count, state: trainer.progress.step)
        }
        return steps
    }
}
