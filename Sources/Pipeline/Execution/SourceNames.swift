internal import Artifacts
internal import Foundation

/// The paths of the sources of a stage, put back into its errors.
///
/// A stage knows its sources as files in the store, named by digest, so that no result can depend on where they lay.
/// The user knows them by their paths.
struct SourceNames {
    private let names: [(digest: ContentDigest, stored: String, path: String)]

    init(_ sources: [(source: PlannedSource, reference: ArtifactReference)], store: ArtifactStore) {
        names = sources.flatMap { source, reference in
            Self.files(source, reference, in: store).map { path, digest in
                (digest, store.blobLocation(digest).path, path)
            }
        }
    }

    /// The files of a source by path. The list of a folder is in the store only once the folder was taken in; before
    /// that no error can name its files.
    private static func files(
        _ source: PlannedSource, _ reference: ArtifactReference, in store: ArtifactStore
    ) -> [(path: String, digest: ContentDigest)] {
        guard source.isFolder else { return [(source.path, reference.digest)] }
        let entries = try? store.reader(reference, as: FolderEntry.self).all()
        return (entries ?? []).map { (source.path + "/" + $0.path, $0.digest) }
    }

    /// `error` with paths in the place of digests.
    ///
    /// An `ArtifactError` is about the copy in the store and stays as it is: nobody is to delete the original because
    /// the copy is damaged.
    func restored(in error: any Error) -> any Error {
        if error is CancellationError || error is ArtifactError || names.isEmpty { return error }
        return names.reduce(NamedFailure(description: "\(error)")) { failure, name in
            // The longest form first: the others are parts of it.
            [name.stored, name.digest.hex, name.digest.short].reduce(failure) { failure, form in
                NamedFailure(description: failure.description.replacing(form, with: name.path))
            }
        }
    }

    private struct NamedFailure: Error, CustomStringConvertible {
        let description: String
    }
}
