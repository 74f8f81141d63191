internal import Artifacts
internal import Model
internal import Pipeline

/// A checkpoint just written, with the blobs it names.
struct WrittenCheckpoint {
    let reference: ArtifactReference
    let blobs: [ContentDigest]
}

extension StageContext {
    /// Writes `model` as the whole of the output `port`. Equal models give equal bytes.
    func writeCheckpoint(_ model: PretrainedModel, to port: String) throws -> WrittenCheckpoint {
        let writer = try blobWriter()
        let weights: ArtifactReference
        do {
            try SafetensorsWriter.write(model.model) { try writer.write($0) }
            weights = try writer.finish()
        } catch {
            writer.cancel()
            throw error
        }
        var files = try model.descriptionFiles().map { file in
            let blob = try storeBlob(file.bytes)
            return CheckpointFile(name: file.name, digest: blob.digest, bytes: blob.bytes)
        }
        files.append(CheckpointFile(name: Checkpoint.weightsName, digest: weights.digest, bytes: weights.bytes))
        return WrittenCheckpoint(reference: try write(files, to: port), blobs: files.map(\.digest))
    }

    /// Hands the checkpoint at an input on unchanged.
    func passCheckpoint(_ port: String, of inputs: StageInputs) throws -> WrittenCheckpoint {
        let files = try inputs.rows(port, as: CheckpointFile.self)
        return WrittenCheckpoint(reference: try write(files, to: "model"), blobs: files.map(\.digest))
    }

    /// The model at the input `port`.
    func model(_ port: String, of inputs: StageInputs) throws -> PretrainedModel {
        try Checkpoint.load(try inputs.rows(port, as: CheckpointFile.self), name: port) { try blobURL($0) }
    }
}
