import Foundation
import Model
import Testing

@Suite("Learning rate schedule")
struct LearningRateScheduleTests {
    @Test("rises from zero, then falls along half a cosine to the floor")
    func cosine() {
        let schedule = LearningRateSchedule(peak: 1, floor: 0.2, warmupSteps: 4)
        #expect((0..<5).map { schedule.rate(step: $0, of: 24) } == [0, 0.25, 0.5, 0.75, 1])
        #expect(abs(schedule.rate(step: 14, of: 24) - 0.6) < 1e-12)
        #expect(abs(schedule.rate(step: 24, of: 24) - 0.2) < 1e-12)
    }

    @Test("falls in a straight line, or not at all")
    func others() {
        let linear = LearningRateSchedule(shape: .linear, peak: 1, floor: 0.5)
        #expect((0...4).map { linear.rate(step: $0, of: 4) } == [1, 0.875, 0.75, 0.625, 0.5])
        let constant = LearningRateSchedule(shape: .constant, peak: 3)
        #expect((0...4).map { constant.rate(step: $0, of: 4) } == [3, 3, 3, 3, 3])
    }

    @Test("a floor above the peak, or a negative warm-up, is refused")
    func refusals() {
        #expect(throws: ModelError.self) { try LearningRateSchedule(peak: 1e-6, floor: 1e-5).validate() }
        #expect(throws: ModelError.self) { try LearningRateSchedule(peak: 1, warmupSteps: -1).validate() }
        #expect(throws: ModelError.self) { try LearningRateSchedule(peak: .nan).validate() }
    }
}
