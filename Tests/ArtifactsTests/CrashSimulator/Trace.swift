import Artifacts
import Foundation
import Synchronization

/// What a store did to its files, and what it told its caller meanwhile.
struct Trace: Sendable {
    enum Event: Sendable {
        case step(FileStep)
        /// A transaction of the database, which then was these bytes.
        case transaction(String, [UInt8])
        case promise(Promise)
    }

    /// What lay there before, all of it durable.
    var before: FileTree
    /// Paths are relative to the folder in which the run was recorded.
    var events: [Event]

    /// Records what `body` does below `folder`.
    /// - Parameter body: gets the function to call with what the store has promised.
    static func record(in folder: URL, _ body: (@escaping @Sendable (Promise) -> Void) throws -> Void) throws -> Trace
    {
        let before = try FileTree(readFrom: folder)
        let recorder = TraceRecorder(folder: folder)
        try FileSystem.$observer.withValue(recorder) {
            try body { recorder.append(.promise($0)) }
        }
        return Trace(before: before, events: recorder.events)
    }
}

/// Takes down the steps that change something.
private final class TraceRecorder: FileObserver {
    private let folder: String
    private let recorded = Mutex<[Trace.Event]>([])

    init(folder: URL) { self.folder = folder.path }

    var events: [Trace.Event] { recorded.withLock { $0 } }

    func append(_ event: Trace.Event) { recorded.withLock { $0.append(event) } }

    func fault(before step: FileStep) -> FileFault? {
        // SQLite makes an empty file some time before its first transaction.
        if case .transaction(let path) = step { append(.step(.create(relative(path)))) }
        return nil
    }

    func done(_ step: FileStep) {
        switch step {
        case .create(let path): append(.step(.create(relative(path))))
        case .write(let path, let bytes): append(.step(.write(relative(path), bytes: bytes)))
        case .truncate(let path): append(.step(.truncate(relative(path))))
        case .synchronise(let path): append(.step(.synchronise(relative(path))))
        case .link(let path, let target): append(.step(.link(relative(path), to: relative(target))))
        case .rename(let path, let target): append(.step(.rename(relative(path), to: relative(target))))
        case .remove(let path): append(.step(.remove(relative(path))))
        case .createFolder(let path): append(.step(.createFolder(relative(path))))
        case .removeFolder(let path): append(.step(.removeFolder(relative(path))))
        case .synchroniseFolder(let path): append(.step(.synchroniseFolder(relative(path))))
        case .transaction(let path):
            // No connection holds a lock now that closing the file could drop.
            guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return }
            append(.transaction(relative(path), Array(bytes)))
        case .protect, .open, .read, .moment: break
        }
    }

    private func relative(_ path: String) -> String {
        path == folder ? "" : String(path.dropFirst(path.hasPrefix(folder + "/") ? folder.count + 1 : 0))
    }
}
