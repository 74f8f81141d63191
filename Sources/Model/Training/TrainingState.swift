public import Foundation

/// Saving a training run and taking it up again, bit for bit.
///
/// The form: 8 bytes "pl-train", then little-endian UInt64s: version, count of what is trained, step, tokens seen, seed; then
/// that (weights, or factors of low rank), first moments and second moments as float32. Whoever stores it checks its digest.
extension Trainer {
    private static let magic: [UInt8] = Array("pl-train".utf8)
    private static let version: UInt64 = 1
    private static let headerBytes = 8 + 5 * 8

    /// Hands the whole state to `write`, piece by piece.
    public func writeState(_ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        var header = Self.magic
        for value in [
            Self.version, UInt64(trained.count), UInt64(progress.step), UInt64(progress.tokensSeen), seed,
        ] {
            withUnsafeBytes(of: value.littleEndian) { header.append(contentsOf: $0) }
        }
        try header.withUnsafeBytes { try write($0) }
        for buffer in [trained, optimizer.first, optimizer.second] {
            try buffer.withUnsafeBufferPointer { try write(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Writes the state to `file`, replacing it. Not atomic: publish it under its name once it is whole.
    public func saveState(to file: URL) throws {
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw ModelError.file(name: file.lastPathComponent, problem: "cannot be created")
        }
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        try writeState { bytes in
            // In pieces: one write of more than 2 GiB is cut short by the system.
            var start = 0
            while start < bytes.count {
                let end = min(start + (64 << 20), bytes.count)
                try handle.write(contentsOf: Data(bytes[start..<end]))
                start = end
            }
        }
        try handle.synchronize()
    }

    /// Takes the run up where `file` left it; the following steps are those the saved run would have taken.
    ///
    /// - Throws: `ModelError.trainingState` when the file is damaged or belongs to a run of another size or seed; the
    ///   trainer must not be used then.
    public func restoreState(from file: URL) throws {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        let header = try handle.read(upToCount: Self.headerBytes) ?? Data()
        guard header.count == Self.headerBytes, header.prefix(8).elementsEqual(Self.magic) else {
            throw ModelError.trainingState(problem: "'\(file.lastPathComponent)' is not one")
        }
        let values = header.withUnsafeBytes { bytes in
            (0..<5).map { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 + 8 * $0, as: UInt64.self)) }
        }
        guard values[0] == Self.version else {
            throw ModelError.trainingState(problem: "version \(values[0]), this program reads \(Self.version)")
        }
        guard values[1] == UInt64(trained.count), values[4] == seed, values[2] <= UInt64(totalSteps),
            let tokens = Int(exactly: values[3])
        else { throw ModelError.trainingState(problem: "it belongs to another model, rank, seed or number of steps") }
        for buffer in [trained, optimizer.first, optimizer.second] { try Self.fill(buffer, from: handle) }
        if let more = try handle.read(upToCount: 1), !more.isEmpty {
            throw ModelError.trainingState(problem: "there are bytes after its end")
        }
        var progress = TrainingProgress()
        progress.step = Int(values[2])
        progress.tokensSeen = tokens
        resume(at: progress)
    }

    private static func fill(_ buffer: FloatBuffer, from handle: FileHandle) throws {
        try buffer.withUnsafeMutableBufferPointer { floats in
            let target = UnsafeMutableRawBufferPointer(floats)
            var start = 0
            while start < target.count {
                guard let piece = try handle.read(upToCount: min(64 << 20, target.count - start)), !piece.isEmpty
                else {
                    throw ModelError.trainingState(problem: "it ends early")
                }
                piece.copyBytes(to: UnsafeMutableRawBufferPointer(rebasing: target[start...]))
                start += piece.count
            }
        }
    }
}
