internal import CZlib
internal import CZstd
package import Foundation

/// Reads files that may be compressed: plain, gzip or zstd, told apart by their first bytes, since a file in the store
/// bears no suffix.
package enum CompressedText {
    /// A file may unpack to at most so many bytes: seed data are far smaller, and a crafted file must not fill memory.
    package static let maximumBytes = 4 << 30

    /// The uncompressed bytes of a file.
    /// - Throws: `StageError.unreadable` where it cannot be read, is cut off or damaged, or unpacks to too much.
    package static func read(_ file: URL, name: String, maximumBytes: Int = maximumBytes) throws -> [UInt8] {
        let bytes: [UInt8]
        do {
            bytes = try [UInt8](Data(contentsOf: file))
        } catch {
            throw StageError.unreadable(file: name, problem: "cannot be opened: \(error.localizedDescription)")
        }
        if bytes.starts(with: [0x1F, 0x8B]) { return try inflate(bytes, name: name, maximumBytes: maximumBytes) }
        if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
            return try unpackZstd(bytes, name: name, maximumBytes: maximumBytes)
        }
        return bytes
    }

    /// All members of a gzip file, one after the other.
    private static func inflate(_ bytes: [UInt8], name: String, maximumBytes: Int) throws -> [UInt8] {
        guard bytes.count <= UInt32.max else { throw tooLarge(name, maximumBytes) }
        var stream = z_stream()
        // 15 bits of window, and 16 for the gzip header.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw StageError.unreadable(file: name, problem: "cannot be unpacked: zlib does not start")
        }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        try input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var status = Z_OK
            while status != Z_STREAM_END {
                let count = buffer.count
                status = buffer.withUnsafeMutableBufferPointer { buffer in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(count)
                    return CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                let produced = count - Int(stream.avail_out)
                output += buffer[..<produced]
                guard output.count <= maximumBytes else { throw tooLarge(name, maximumBytes) }
                guard status == Z_OK || status == Z_STREAM_END else { throw damaged(name, "gzip") }
                if status == Z_STREAM_END, stream.avail_in > 0 {
                    guard inflateReset(&stream) == Z_OK else { throw damaged(name, "gzip") }
                    status = Z_OK
                } else if status == Z_OK, stream.avail_in == 0, produced == 0 {
                    throw damaged(name, "gzip")
                }
            }
        }
        return output
    }

    /// All frames of a zstd file, one after the other.
    private static func unpackZstd(_ bytes: [UInt8], name: String, maximumBytes: Int) throws -> [UInt8] {
        guard let context = ZSTD_createDCtx() else {
            throw StageError.unreadable(file: name, problem: "cannot be unpacked: zstd does not start")
        }
        defer { ZSTD_freeDCtx(context) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
        try bytes.withUnsafeBytes { source in
            var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            var pending = 1
            while input.pos < input.size || pending != 0 {
                let before = input.pos
                let produced = try buffer.withUnsafeMutableBytes { target in
                    var out = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                    pending = ZSTD_decompressStream(context, &out, &input)
                    guard ZSTD_isError(pending) == 0 else { throw damaged(name, "zstd") }
                    return out.pos
                }
                output += buffer[..<produced]
                guard output.count <= maximumBytes else { throw tooLarge(name, maximumBytes) }
                // Neither reads nor writes, and wants more: the file ends inside a frame.
                if produced == 0, input.pos == before, pending != 0 { throw damaged(name, "zstd") }
            }
        }
        return output
    }

    private static func damaged(_ name: String, _ form: String) -> StageError {
        .unreadable(file: name, problem: "is a damaged or cut off \(form) file; fetch it again")
    }

    private static func tooLarge(_ name: String, _ limit: Int) -> StageError {
        .unreadable(file: name, problem: "unpacks to more than \(limit) bytes; split it")
    }
}
