internal import Artifacts
internal import Foundation

extension WholeFile {
    /// Makes the folder at `path` with what `write` puts into it. One that holds something already is left alone: mixed files
    /// would pass for a whole.
    /// - Throws: `CommandError.folderNotEmpty`; what `make` and `write` throw.
    static func makeFolder(_ path: String, _ write: (URL) throws -> Void) throws {
        let manager = FileManager.default
        if manager.fileExists(atPath: path) {
            guard let files = try? manager.contentsOfDirectory(atPath: path), files.isEmpty else {
                throw CommandError.folderNotEmpty(path)
            }
        }
        try make(URL(filePath: path, directoryHint: .isDirectory)) { unfinished in
            try manager.createDirectory(at: unfinished, withIntermediateDirectories: false)
            try write(unfinished)
        }
    }
}
