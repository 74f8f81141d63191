public import Foundation

/// Real data and golden numbers that may lie beside the repository, in `../shared/data`.
///
/// None of it is part of the project. Tests that use it carry `.enabled(if: SharedData.isPresent, SharedData.absence)`
/// so that they are reported as skipped, with the reason, where it is missing.
public enum SharedData {
    /// The folder that holds `Package.swift`.
    public static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of shared data; may not exist.
    public static let folder = repository.deletingLastPathComponent().appending(path: "shared/data")

    public static let isPresent = FileManager.default.fileExists(atPath: folder.path)
    public static let absence = "needs ../shared/data, which is not here"

    /// A file or folder of the shared data, by its path there.
    public static func url(_ path: String) -> URL { folder.appending(path: path) }

    /// The demo model as `scripts/setup` fetches it, or nil when it has not been fetched.
    public static let smolLM2: URL? = {
        let file = repository.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf")
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }()

    public static let hasSmolLM2 = smolLM2 != nil
    public static let modelAbsence = "needs the demo model: run scripts/setup"
}
