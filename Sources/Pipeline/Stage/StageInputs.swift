public import Artifacts
public import Foundation

/// The artifacts that flow into a stage, opened by port as typed rows or as files.
///
/// Rows are checked against their digest while they are read whole, files before they are handed out. Files are copies
/// inside the store.
public struct StageInputs: Sendable {
    fileprivate let store: ArtifactStore
    private let connections: [String: [ArtifactReference]]

    /// - Parameter connections: the artifacts of each connected port, in the order of the pipeline file.
    public init(store: ArtifactStore, connections: [String: [ArtifactReference]]) {
        self.store = store
        self.connections = connections
    }

    /// Whether anything is connected to `port`.
    public func isConnected(_ port: String) -> Bool {
        connections[port] != nil
    }

    /// The artifacts connected to `port`, in order; none where it is not connected.
    public func references(_ port: String) -> [ArtifactReference] {
        connections[port] ?? []
    }

    /// All rows of `port`: those of each connected artifact, one after the other.
    /// - Throws: `PipelineError.inputNotConnected`; `ArtifactError` where an artifact is missing, damaged or of another
    ///   schema.
    public func rows<R: Record>(_ port: String, as type: R.Type) throws -> [R] {
        try readers(port, as: type).flatMap { try $0.all() }
    }

    /// All rows of the artifact at place `index` of the list that is connected to `port`.
    /// - Precondition: there is such a place.
    public func rows<R: Record>(_ port: String, at index: Int, as type: R.Type) throws -> [R] {
        try store.reader(try connected(port)[index], as: type).all()
    }

    /// All rows of `port`, or nil where it is not connected.
    public func optionalRows<R: Record>(_ port: String, as type: R.Type) throws -> [R]? {
        isConnected(port) ? try rows(port, as: type) : nil
    }

    /// All rows of a port that takes rows of two schemas, each as what `first` or `other` makes of it, in their order.
    public func rows<First: Record, Other: Record, Row>(
        _ port: String, first: (First) -> Row, other: (Other) -> Row
    ) throws -> [Row] {
        try connected(port).flatMap { reference in
            if reference.schema == Other.schema.description {
                return try store.reader(reference, as: Other.self).all().map(other)
            }
            return try store.reader(reference, as: First.self).all().map(first)
        }
    }

    /// The rows of the one artifact connected to `port`, to be streamed or read by range.
    public func reader<R: Record>(_ port: String, as type: R.Type) throws -> RecordReader<R> {
        try store.reader(try single(port), as: type)
    }

    /// One reader for each artifact connected to `port`.
    public func readers<R: Record>(_ port: String, as type: R.Type) throws -> [RecordReader<R>] {
        try connected(port).map { try store.reader($0, as: type) }
    }

    /// The file behind the one blob connected to `port`. Its name is its digest: what it holds must be told from its
    /// bytes.
    public func blob(_ port: String) throws -> URL {
        try store.blobURL(try single(port).digest)
    }

    /// The files behind the blobs connected to `port`, in order.
    public func blobs(_ port: String) throws -> [URL] {
        try connected(port).map { try store.blobURL($0.digest) }
    }

    private func connected(_ port: String) throws -> [ArtifactReference] {
        guard let references = connections[port] else { throw PipelineError.inputNotConnected(port: port) }
        return references
    }

    fileprivate func single(_ port: String) throws -> ArtifactReference {
        let references = try connected(port)
        guard references.count == 1 else {
            throw PipelineError.inputNotSingle(port: port, count: references.count)
        }
        return references[0]
    }
}

extension StageInputs {
    /// The files behind `port`, by name: those of a folder by their paths in it, a blob alone under the empty name.
    public func files(_ port: String) throws -> [String: URL] {
        let reference = try single(port)
        if reference.isBlob { return ["": try store.blobURL(reference.digest)] }
        let entries = try store.reader(reference, as: FolderEntry.self).all()
        return try Dictionary(uniqueKeysWithValues: entries.map { ($0.path, try store.blobURL($0.digest)) })
    }
}
