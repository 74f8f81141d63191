internal import Artifacts

/// Which artifacts of a store were made from which.
///
/// Records say what went into a stage and what came out of it, so this is known of everything the store has made.
final class ArtifactGraph {
    /// Where a path to an artifact ends.
    enum Origin {
        case artifact(ArtifactListing)
        /// A file from outside, or something whose record is gone.
        case outside(ArtifactParent)
    }

    let store: ArtifactStore
    /// Each output of each result once, under the name that it was used by last.
    let artifacts: [ArtifactListing]
    private let parentFinder: ArtifactParents
    /// Every name that an artifact was used by, by its identity.
    private let names: [String: Set<String>]
    private var parentsByResult: [ContentDigest: [ArtifactParent]] = [:]
    private var stepsByResult: [ContentDigest: Int] = [:]
    private var readers: [String: [ArtifactListing]]?

    init(store: ArtifactStore) throws {
        self.store = store
        parentFinder = try ArtifactParents(store: store)
        let uses = try store.artifacts()
        names = Dictionary(uses.map { ($0.identity, [$0.name]) }) { $0.union($1) }
        var seen: Set<String> = []
        artifacts = uses.filter { seen.insert($0.identity).inserted }
    }

    /// What went into the stage that made `artifact`, port by port.
    func origins(of artifact: ArtifactListing) throws -> [(port: String, origin: Origin)] {
        try parents(of: artifact).map { parent in
            let same = artifacts.filter { $0.reference.digest.hex == parent.digest && $0.key != artifact.key }
            // Of equal contents the one that was connected; a stage that was renamed since is known by its content.
            let named = same.first { artifact in
                parent.name.map { names[artifact.identity]?.contains($0) == true } ?? false
            }
            let found = named ?? same.first
            return (parent.port, found.map(Origin.artifact) ?? .outside(parent))
        }
    }

    private func parents(of artifact: ArtifactListing) throws -> [ArtifactParent] {
        if let known = parentsByResult[artifact.key] { return known }
        let found = try parentFinder.parents(of: artifact)
        parentsByResult[artifact.key] = found
        return found
    }

    /// The outputs of stages that read `artifact`, and the port that they read it through.
    func made(from artifact: ArtifactListing) throws -> [(port: String, artifact: ArtifactListing)] {
        try candidates(reading: artifact.reference.digest.hex).flatMap { child -> [(String, ArtifactListing)] in
            try origins(of: child).compactMap { port, origin in
                guard case .artifact(let parent) = origin, parent.identity == artifact.identity else {
                    return nil
                }
                return (port, child)
            }
        }
    }

    /// The artifacts among whose inputs the digest is.
    private func candidates(reading digest: String) throws -> [ArtifactListing] {
        if let readers { return readers[digest] ?? [] }
        var found: [String: [ArtifactListing]] = [:]
        for artifact in artifacts { _ = try steps(to: artifact) }
        // What others are made from comes before these. Times would not do: a second holds many stages.
        func order(_ artifact: ArtifactListing) -> (Int, String, String) {
            (stepsByResult[artifact.key] ?? 0, artifact.name, artifact.identity)
        }
        for artifact in artifacts.sorted(by: { order($0) < order($1) }) {
            for digest in Set(try parents(of: artifact).map(\.digest)) { found[digest, default: []].append(artifact) }
        }
        readers = found
        return found[digest] ?? []
    }

    /// How many stages, at most, lie between files from outside and `artifact`.
    private func steps(to artifact: ArtifactListing) throws -> Int {
        if let known = stepsByResult[artifact.key] { return known }
        // Two stages that leave their input as it is may seem to be made from each other.
        stepsByResult[artifact.key] = 0
        var longest = 0
        for case (_, .artifact(let parent)) in try origins(of: artifact) {
            longest = max(longest, try steps(to: parent) + 1)
        }
        stepsByResult[artifact.key] = longest
        return longest
    }

    /// The other outputs of the stage that made it.
    private func siblings(of artifact: ArtifactListing) -> [ArtifactListing] {
        artifacts.filter { $0.key == artifact.key && $0.port != artifact.port }
    }

    /// `artifact`, the other outputs of its stage, and everything that these were made from, the nearest first.
    func ancestry(of artifact: ArtifactListing) throws -> [ArtifactListing] {
        try closure(of: artifact) { current in
            try self.origins(of: current).compactMap {
                if case .artifact(let parent) = $0.origin { parent } else { nil }
            }
        }
    }

    /// `artifact`, the other outputs of its stage, and everything that was made from it, the nearest first.
    func descent(of artifact: ArtifactListing) throws -> [ArtifactListing] {
        try closure(of: artifact) { try self.made(from: $0).map(\.artifact) }
    }

    private func closure(
        of artifact: ArtifactListing, next: (ArtifactListing) throws -> [ArtifactListing]
    ) throws -> [ArtifactListing] {
        var order = [artifact] + siblings(of: artifact)
        var seen = Set(order.map(\.identity))
        var open = [artifact]
        while !open.isEmpty {
            var further: [ArtifactListing] = []
            for current in open {
                for near in try next(current) where seen.insert(near.identity).inserted { further.append(near) }
            }
            order += further
            open = further
        }
        return order
    }
}

extension ArtifactListing {
    /// Which output of which result it is, whatever it is called.
    var identity: String { "\(key.hex) \(port)" }

    /// - Parameter format: what it is wanted for.
    /// - Throws: `CommandError.wrongSchema` for an artifact of other rows.
    func demand(_ schema: RecordSchema, for format: String) throws {
        guard reference.schema == schema.description else {
            throw CommandError.wrongSchema(
                name: name, holds: reference.schema, wants: schema.description, format: format)
        }
    }
}
