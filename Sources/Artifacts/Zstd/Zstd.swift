internal import CZstd

/// Compresses whole frames in memory. One a file, used from one task.
final class ZstdCompressor {
    /// zstd's own default: about 3× on prose at some hundreds of MB/s.
    static let level: Int32 = 3

    private let context: OpaquePointer
    private let path: String
    private var output: [UInt8] = []

    /// `path` is what an error names.
    init(path: String) throws {
        guard let context = ZSTD_createCCtx() else {
            throw ArtifactError.compression(operation: "compress", path: path, reason: "out of memory")
        }
        self.context = context
        self.path = path
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level))
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Hands one complete frame that holds `bytes` to `body`.
    func withFrame(of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let bound = ZSTD_compressBound(bytes.count)
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        let written = try output.withUnsafeMutableBytes { output in
            try check(ZSTD_compress2(context, output.baseAddress, output.count, bytes.baseAddress, bytes.count))
        }
        try output.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<written])) }
    }

    @discardableResult
    private func check(_ code: Int) throws -> Int {
        guard ZSTD_isError(code) == 0 else {
            throw ArtifactError.compression(operation: "compress", path: path, reason: Zstd.text(of: code))
        }
        return code
    }
}

/// Decompresses whole frames in memory. One a reader, used from one task.
final class ZstdDecompressor {
    private let context: OpaquePointer

    init() throws {
        guard let context = ZSTD_createDCtx() else {
            throw ArtifactError.compression(operation: "decompress", path: "frame", reason: "out of memory")
        }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decompresses `frame` into the whole of `output`; zstd checks the frame's checksum.
    /// - Throws: `ArtifactError.damagedFile` naming `path` for a frame that is damaged or of another size.
    func decompress(_ frame: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, path: String) throws
    {
        let code = ZSTD_decompressDCtx(context, output.baseAddress, output.count, frame.baseAddress, frame.count)
        guard ZSTD_isError(code) == 0 else {
            throw ArtifactError.damagedFile(path: path, reason: "zstd says '\(Zstd.text(of: code))'")
        }
        guard code == output.count else {
            throw ArtifactError.damagedFile(
                path: path, reason: "a frame of \(code) bytes where \(output.count) are due")
        }
    }
}

private enum Zstd {
    static func text(of code: Int) -> String { String(cString: ZSTD_getErrorName(code)).lowercased() }
}
