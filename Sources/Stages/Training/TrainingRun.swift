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
    /// A checkpoint is written when this many times the last one's cost has passed, so that checkpoints take at most
    /// about a twentieth of the time. When it is written changes no result.
    private static let patience = 20.0
    /// What the first one is expected to cost, in bytes a second.
    private static let writingSpeed = 200e6

    let trainer: Trainer
    let context: StageContext

    /// Every step's metrics, those of an interrupted run included.
    func run() throws -> [TrainingStep] {
        var steps = try resume()
        let clock = ContinuousClock()
        var cost = Duration.seconds(Double(12 * trainer.model.layout.count) / Self.writingSpeed)
        var saved = clock.now
        while !trainer.isFinished {
            do {
                try context.checkCancellation()
            } catch {
                if !steps.isEmpty { try save(steps) }
                throw error
            }
            guard let step = try trainer.step() else { break }
            steps.append(TrainingStep(step: step.step, metrics: step.values))
            report(step)
            if clock.now - saved > cost * Self.patience, !trainer.isFinished {
                let start = clock.now
                try save(steps)
                saved = clock.now
                cost = saved - start
            }
        }
        return steps
    }

    private func report(_ step: StepMetrics) {
        let loss = step.values["loss"].map { String(format: "loss %.4f", $0) }
        context.progress(step.step, of: trainer.totalSteps, unit: "steps", note: loss)
        context.note(step.values)
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
