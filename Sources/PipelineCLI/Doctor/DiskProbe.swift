internal import Foundation

/// The disk under a folder.
struct DiskProbe {
    var fileSystem: String
    /// File locks between machines are not to be relied on there.
    var isNetwork: Bool
    /// Bytes that we may still write.
    var free: Int
    var isWritable: Bool

    private static let network: Set<String> = ["nfs", "nfs4", "cifs", "smb3", "9p", "lustre", "gpfs", "fuse.sshfs"]

    /// Looks at `path`, or at the nearest folder above it that exists. Nil where nothing can be learned.
    static func probe(_ path: String) -> DiskProbe? {
        var folder = URL(filePath: path).standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        let real = folder.resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfFileSystem(forPath: real),
            let free = (attributes[.systemFreeSize] as? NSNumber)?.intValue
        else { return nil }
        let kind = fileSystem(of: real)
        return DiskProbe(
            fileSystem: kind ?? "unknown", isNetwork: kind.map(network.contains) ?? false, free: free,
            isWritable: FileManager.default.isWritableFile(atPath: real))
    }

    /// The type of the mount that holds `path`: of all whose place begins it, the longest; of equals, the last one made.
    private static func fileSystem(of path: String) -> String? {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return nil }
        var best: (place: String, kind: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2 else { continue }
            // Spaces in a path are written as octal escapes there.
            let place = fields[1].replacingOccurrences(of: "\\040", with: " ")
            let begins = place == "/" || path == place || path.hasPrefix(place + "/")
            if begins, place.count >= best?.place.count ?? 0 { best = (place, String(fields[2])) }
        }
        return best?.kind
    }
}
