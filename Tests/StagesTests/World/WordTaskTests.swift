import Model
import Stages
import Testing

@Suite("Tasks whose answers a program can check")
struct WordTaskTests {
    private let task = WordTask(first: "b", last: "d", wanted: "f", unwanted: "c", size: 5)

    @Test("a prompt is read back as the task that wrote it")
    func roundTrip() {
        #expect(task.prompt == "begin b end d with f without c size 5")
        #expect(WordTask(prompt: task.prompt) == task)
    }

    @Test(
        "what is no prompt is no task",
        arguments: [
            "", "begin b end d with f without c", "begin b end d with f without c size five",
            "end b begin d with f without c size 5", "begin b end d with f without c size 5 ",
            "begin b  end d with f without c size 5", "begin b end d with f without c size 05",
            "begin b end d with f without c size -5", "begin b end d with f without c size 0",
        ])
    func noTask(prompt: String) { #expect(WordTask(prompt: prompt) == nil) }

    @Test(
        "an answer earns a point for each wish it meets",
        arguments: [
            ("b a f e d", 5, "begin b b yes end d d yes with f yes without c yes size 5 5 yes"),
            ("b f d", 4, "begin b b yes end d d yes with f yes without c yes size 5 3 no"),
            ("b a c e d", 3, "begin b b yes end d d yes with f no without c no size 5 5 yes"),
            ("d a f e b", 3, "begin b d no end d b no with f yes without c yes size 5 5 yes"),
            ("c", 0, "begin b c no end d c no with f no without c no size 5 1 no"),
            ("", 0, "begin b none no end d none no with f no without c no size 5 0 no"),
            // Not written letter by letter: no wish but the absence of a letter can be seen in it.
            ("bafed", 1, "begin b bafed no end d bafed no with f no without c yes size 5 1 no"),
            ("b a fe d f", 3, "begin b b yes end d f no with f yes without c yes size 5 5 no"),
        ])
    func points(answer: String, points: Int, verdict: String) {
        #expect(task.points(answer) == points && task.isRight(answer) == (points == 5))
        #expect(task.verdict(answer) == verdict)
    }

    @Test("drawn tasks have four different letters, and right answers meet every wish")
    func drawn() {
        let world = WordWorld(letters: 6, sizes: 3...5)
        var generator = Philox(key: 1)
        var sizes: Set<Int> = []
        for _ in 0..<200 {
            let task = world.task(&generator)
            #expect(Set([task.first, task.last, task.wanted, task.unwanted]).count == 4)
            let answer = world.rightAnswer(to: task, &generator)
            #expect(task.isRight(answer), "\(task.prompt): \(answer)")
            sizes.insert(task.size)
        }
        #expect(sizes == [3, 4, 5] && world.taskCount == 6 * 5 * 4 * 3 * 3)
    }

    @Test("slips cost points, the more the more")
    func slips() {
        let world = WordWorld(letters: 10, sizes: 3...7)
        var generator = Philox(key: 2)
        let means = (0...4).map { slips in
            (0..<300).reduce(0) { sum, _ in
                let task = world.task(&generator)
                return sum + task.points(world.answer(to: task, slips: slips, &generator))
            }
        }
        #expect(means[0] == 1500 && zip(means, means.dropFirst()).allSatisfy { $0 > $1 })
    }
}
