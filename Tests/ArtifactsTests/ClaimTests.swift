import Artifacts
import Foundation
import Testing

@Suite("Claims")
struct ClaimTests {
    let fixture: StoreFixture
    let store: ArtifactStore

    init() throws {
        fixture = try StoreFixture()
        store = try fixture.open()
    }

    @Test("a key is claimed once, also through another opening of the store, until it is released")
    func exclusive() throws {
        let claim = try #require(try store.claim(key("a")))
        let other = try fixture.open()
        #expect(try store.claim(key("a")) == nil)
        #expect(try other.claim(key("a")) == nil)
        #expect(other.holder(of: key("a")) == ProcessInfo.processInfo.processIdentifier)
        #expect(try other.claim(key("b")) != nil)
        claim.release()
        #expect(try other.claim(key("a")) != nil)
    }

    @Test("a forgotten claim is released, and its lock file goes")
    func forgotten() throws {
        do { _ = try store.claim(key("a")) }
        #expect(store.holder(of: key("a")) == nil)
        #expect(try fixture.files(under: "locks") == ["store"])
        #expect(try store.claim(key("a")) != nil)
    }

    @Test("who waits gets the key when the holder is done")
    func waiting() async throws {
        let claim = try #require(try store.claim(key("a")))
        async let second = store.claimWaiting(key("a"), poll: .milliseconds(1))
        claim.release()
        #expect(try await second.key == key("a"))
    }

    @Test("a cancelled wait ends")
    func cancelledWait() async throws {
        let claim = try #require(try store.claim(key("a")))
        let waiting = Task { [store] in try await store.claimWaiting(key("a"), poll: .seconds(60)) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        claim.release()
    }

    @Test("of many tasks that want one key, one at a time has it")
    func contended() async throws {
        let counter = Counter()
        try await withThrowingTaskGroup { group in
            for _ in 0..<16 {
                group.addTask { [fixture] in
                    let claim = try await fixture.open().claimWaiting(key("a"), poll: .milliseconds(1))
                    await counter.enter()
                    try await Task.sleep(for: .milliseconds(1))
                    await counter.leave()
                    claim.release()
                }
            }
            try await group.waitForAll()
        }
        #expect(await counter.most == 1)
        #expect(await counter.total == 16)
    }

    @Test("a claim of a dead process is free at once", .timeLimit(.minutes(20)))
    func deadHolder() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [root = fixture.root.path as String] in
            let store = try ArtifactStore.open(URL(filePath: root), create: false)
            let claim = try store.claim(ContentDigest(hashing: Array("a".utf8)))
            kill(getpid(), claim == nil ? SIGTERM : SIGKILL)
        }
        #expect(try store.claim(key("a")) != nil)
    }

    @Test("a released claim is free although a child process has a copy of its open files")
    func inheritedByChild() throws {
        let claim = try #require(try store.claim(key("a")))
        // What every child has between its birth and its program's start, this one keeps.
        let locks = try openFiles(under: fixture.root.appending(path: "locks").path)
        try #require(locks.count == 2)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for lock in locks { posix_spawn_file_actions_adddup2(&actions, lock, lock) }
        var child = pid_t()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        defer { arguments.forEach { free($0) } }
        try #require(posix_spawn(&child, "/bin/sleep", &actions, nil, &arguments, environ) == 0)
        defer {
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
        }
        claim.release()
        #expect(try store.claim(key("a")) != nil)
        #expect(throws: Never.self) { try store.collect(keeping: Retention(runs: 1)) }
    }

    /// The descriptors of this process that lead to files of `folder`.
    private func openFiles(under folder: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            return target?.hasPrefix(folder) == true ? Int32(name) : nil
        }
    }

    @Test("another process cannot take a key that is held", .timeLimit(.minutes(20)))
    func otherProcess() async throws {
        let claim = try #require(try store.claim(key("a")))
        await #expect(processExitsWith: .success) { [root = fixture.root.path as String] in
            let store = try ArtifactStore.open(URL(filePath: root), create: false)
            guard try store.claim(ContentDigest(hashing: Array("a".utf8))) == nil else { exit(1) }
        }
        claim.release()
    }
}

private actor Counter {
    private var current = 0
    private(set) var most = 0
    private(set) var total = 0

    func enter() {
        current += 1
        total += 1
        most = max(most, current)
    }

    func leave() { current -= 1 }
}
