import Model
import Synchronization
import Testing

@Suite("Worker pool")
struct WorkerPoolTests {
    @Test("runs every iteration once", arguments: [1, 2, 3, 8])
    func everyIteration(threads: Int) {
        let pool = WorkerPool(threads: threads)
        for count in [0, 1, 2, 7, 1000] {
            let total = Atomic<Int>(0), calls = Atomic<Int>(0)
            pool.run(count) { index in
                total.wrappingAdd(index, ordering: .relaxed)
                calls.wrappingAdd(1, ordering: .relaxed)
            }
            #expect(calls.load(ordering: .relaxed) == count)
            #expect(total.load(ordering: .relaxed) == count * (count - 1) / 2)
        }
    }

    @Test("many short loops in a row lose nothing")
    func manyLoops() {
        let pool = WorkerPool(threads: 3)
        let total = Atomic<Int>(0)
        for _ in 0..<5_000 { pool.run(4) { _ in total.wrappingAdd(1, ordering: .relaxed) } }
        #expect(total.load(ordering: .relaxed) == 20_000)
    }
}
