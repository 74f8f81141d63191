import Artifacts
import Foundation

/// Something that the store has told its caller, and that no crash may make untrue.
enum Promise: Sendable {
    /// A writer returned this object or blob.
    case stored(ArtifactReference)
    /// `publish` returned; the piece held these bytes.
    case staged(PieceName, [UInt8])
    /// `commit` returned.
    case done(StageRecord)
    /// The caller gives this source up.
    case givenUp(ArtifactReference)
    /// The caller was told that the stage is done, and gave its pieces up.
    case reused(ContentDigest)
    /// The stage was not done, and is run.
    case ran(ContentDigest)
}

struct PieceName: Hashable {
    var key: ContentDigest
    var name: String
}

/// What of the promises up to some moment still binds.
struct StandingPromises {
    private(set) var stored: Set<ArtifactReference> = []
    private(set) var pieces: [PieceName: [UInt8]] = [:]
    private(set) var done: [ContentDigest: StageRecord] = [:]

    init(_ promises: [Promise]) {
        for promise in promises {
            switch promise {
            case .stored(let reference): stored.insert(reference)
            case .givenUp(let reference): stored.remove(reference)
            case .staged(let name, let bytes): pieces[name] = bytes
            case .reused(let key): pieces = pieces.filter { $0.key.key != key }
            case .done(let record): done[record.key] = record
            case .ran: break
            }
        }
    }
}

/// What a store holds, without what does not matter: its runs, its locks, and how its index is stored.
struct StoreContent: Equatable, Sendable {
    /// Where everything that has a name is whole.
    static let published = ["objects", "blobs", "records"]

    /// Unfinished files and staged pieces are among them, so that none may be left over.
    private var files: [String: FileContent] = [:]
    private var outputs: Set<String> = []

    init(of store: ArtifactStore) throws {
        outputs = Set(try store.artifacts().map { "\($0.key.short).\($0.port) \($0.reference.digest.short)" })
        let tree = try FileTree(readFrom: store.root, parts: Self.published + ["tmp", "staging"])
        files = tree.entries.compactMapValues { if case .file(let content) = $0 { content } else { nil } }
    }

    /// Whether all that has a name here has it with the same content in `other`.
    func holdsNothingBut(_ other: StoreContent) -> Bool {
        let published = files.filter { path, _ in Self.published.contains { path.hasPrefix($0 + "/") } }
        return published.allSatisfy { other.files[$0.key] == $0.value } && outputs.isSubset(of: other.outputs)
    }

    func difference(from other: StoreContent) -> String {
        let paths = Set(files.keys).union(other.files.keys).filter { files[$0] != other.files[$0] }
        return (paths.sorted() + outputs.symmetricDifference(other.outputs).sorted()).joined(separator: ", ")
    }
}
