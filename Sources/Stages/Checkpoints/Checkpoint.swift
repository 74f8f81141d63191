public import Artifacts
public import Foundation
public import Model

/// Reads the models that the store holds.
public enum Checkpoint {
    static let weightsName = "model.safetensors"
    static let configurationName = "config.json"

    /// The model of a checkpoint artifact, with tokenizer and chat template.
    /// - Throws: `StageError.incompleteCheckpoint`, `ArtifactError` or `ModelError`.
    public static func load(_ reference: ArtifactReference, from store: ArtifactStore) throws -> PretrainedModel {
        try load(try store.reader(reference, as: CheckpointFile.self).all(), name: reference.digest.short) {
            try store.blobURL($0)
        }
    }

    /// Copies a checkpoint's files into `folder`, which is made if need be: a Hugging Face model folder.
    /// - Returns: the names of the files written.
    @discardableResult
    public static func export(
        _ reference: ArtifactReference, from store: ArtifactStore, to folder: URL
    ) throws -> [String] {
        let files = try store.reader(reference, as: CheckpointFile.self).all()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in files {
            let target = folder.appending(path: file.id)
            if FileManager.default.fileExists(atPath: target.path) { try FileManager.default.removeItem(at: target) }
            try FileManager.default.copyItem(at: store.blobURL(file.digest), to: target)
            // Objects of the store are read-only; an export is the user's own.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target.path)
        }
        return files.map(\.id)
    }

    static func load(
        _ files: [CheckpointFile], name: String, blob: (ContentDigest) throws -> URL
    ) throws -> PretrainedModel {
        let digests = Dictionary(files.map { ($0.id, $0.digest) }) { first, _ in first }
        func url(_ file: String) throws -> URL? { try digests[file].map(blob) }
        guard let configuration = try url(configurationName), let weights = try url(weightsName) else {
            throw StageError.incompleteCheckpoint(
                name: name, missing: digests[configurationName] == nil ? configurationName : weightsName)
        }
        return try PretrainedModel(
            huggingFace: HuggingFaceFiles(
                configuration: configuration, weights: [weights], tokenizer: try url("tokenizer.json"),
                tokenizerConfiguration: try url("tokenizer_config.json")))
    }
}
