internal import Dispatch
internal import Glibc
internal import Synchronization

/// Compresses frames on threads of its own while the caller makes the rows of the next ones.
///
/// Each frame is decompressed again and compared with what went in, so that neither the compressor nor the memory it
/// works in is trusted.
final class FramePress: Sendable {
    /// A frame under way.
    final class Frame: Sendable {
        let rows: Int
        /// Bytes before compression.
        let bytes: Int
        private let group = DispatchGroup()
        private let result = Mutex<Result<[UInt8], any Error>?>(nil)

        fileprivate init(rows: Int, bytes: Int) {
            self.rows = rows
            self.bytes = bytes
            group.enter()
        }

        fileprivate func end(with result: Result<[UInt8], any Error>) {
            self.result.withLock { $0 = result }
            group.leave()
        }

        /// The compressed frame, once it is done.
        /// - Throws: `ArtifactError.compression`; `.damagedFile` where it does not hold what went in.
        func stored() throws -> [UInt8] {
            group.wait()
            guard let result = result.withLock({ $0 }) else { return [] }
            return try result.get()
        }
    }

    fileprivate struct Tools {
        var compressor: ZstdCompressor
        var decompressor: ZstdDecompressor
        var copy: [UInt8] = []
    }

    /// A thread with its tools; frames given to it are compressed one after the other.
    private final class Lane: Sendable {
        private let tools: Mutex<Tools>
        private let queue = DispatchQueue(label: "frame press")

        init(path: String) throws {
            tools = Mutex(Tools(compressor: try ZstdCompressor(path: path), decompressor: try ZstdDecompressor()))
        }

        func press(_ content: [UInt8], into frame: Frame, path: String) {
            queue.async { frame.end(with: Result { try self.tools.withLock { try $0.press(content, path: path) } }) }
        }
    }

    private static let laneCount = 2

    private let path: String
    private let lanes: [Lane]
    private let next = Atomic<Int>(0)

    /// `path` is what an error names.
    init(path: String) throws {
        self.path = path
        lanes = try (0..<Self.laneCount).map { _ in try Lane(path: path) }
    }

    /// Begins to compress `content`, which holds so many rows.
    func press(_ content: [UInt8], rows: Int) -> Frame {
        let frame = Frame(rows: rows, bytes: content.count)
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        lanes[turn % Self.laneCount].press(content, into: frame, path: path)
        return frame
    }
}

extension FramePress.Tools {
    mutating func press(_ content: [UInt8], path: String) throws -> [UInt8] {
        var stored: [UInt8] = []
        try content.withUnsafeBytes { try compressor.withFrame(of: $0) { stored = Array($0) } }
        if copy.count < content.count { copy = [UInt8](repeating: 0, count: content.count) }
        let isSame = try stored.withUnsafeBytes { stored in
            try copy.withUnsafeMutableBytes { copy in
                let copy = UnsafeMutableRawBufferPointer(rebasing: copy[..<content.count])
                try decompressor.decompress(stored, into: copy, path: path)
                return content.withUnsafeBytes { content in
                    guard let before = content.baseAddress, let after = copy.baseAddress else { return true }
                    return memcmp(before, after, content.count) == 0
                }
            }
        }
        guard isSame else {
            throw ArtifactError.damagedFile(path: path, reason: "a frame does not hold what was compressed into it")
        }
        return stored
    }
}
