internal import Artifacts
internal import Foundation
struct CheckpointExport { init(_ l: ArtifactListing) throws {}; func write(from: ArtifactStore, to: URL) throws {} }
