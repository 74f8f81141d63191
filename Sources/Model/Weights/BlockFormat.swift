/// How the values of a GGUF tensor are stored: plain floats, or blocks of small integers with shared scales.
///
/// Layouts are those of ggml (`ggml-common.h`, `dequantize_row_*`); numbers are the file format's type ids.
package enum BlockFormat: UInt32, Sendable, CaseIterable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q4_K = 12
    case q6_K = 14
    case bf16 = 30

    package var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q4_0: "Q4_0"
        case .q4_1: "Q4_1"
        case .q5_0: "Q5_0"
        case .q5_1: "Q5_1"
        case .q8_0: "Q8_0"
        case .q4_K: "Q4_K"
        case .q6_K: "Q6_K"
        case .bf16: "BF16"
        }
    }

    /// Values in one block; a row of a tensor is a whole number of blocks.
    package var valuesPerBlock: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
        case .q4_K, .q6_K: 256
        }
    }

    package var bytesPerBlock: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4_0: 2 + 16
        case .q4_1: 2 + 2 + 16
        case .q5_0: 2 + 4 + 16
        case .q5_1: 2 + 2 + 4 + 16
        case .q8_0: 2 + 32
        case .q4_K: 2 + 2 + 12 + 128
        case .q6_K: 128 + 64 + 16 + 2
        }
    }

    /// Writes the values of the blocks in `source` to `target`, exactly: every product of a scale and a small integer
    /// fits the 24 bits of a `Float`, so no order of operations can change a bit.
    ///
    /// - Precondition: `source` is whole blocks and `target` has room for exactly their values.
    package func dequantise(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<Float>) {
        let blocks = source.count / bytesPerBlock
        precondition(
            source.count == blocks * bytesPerBlock && target.count == blocks * valuesPerBlock,
            "dequantise: \(source.count) bytes of \(name) into \(target.count) values")
        guard blocks > 0, let input = source.baseAddress, let output = target.baseAddress else { return }
        switch self {
        case .f32: UnsafeMutableRawPointer(output).copyMemory(from: input, byteCount: source.count)
        case .f16:
            for index in 0..<blocks { output[index] = half(input, 2 * index) }
        case .bf16:
            for index in 0..<blocks {
                let bits = (input + 2 * index).loadUnaligned(as: UInt16.self)
                output[index] = HalfPrecision.float(bfloat16: UInt16(littleEndian: bits))
            }
        default:
            let unpack: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void =
                switch self {
                case .q4_0: unpackQ4_0
                case .q4_1: unpackQ4_1
                case .q5_0: unpackQ5_0
                case .q5_1: unpackQ5_1
                case .q4_K: unpackQ4_K
                case .q6_K: unpackQ6_K
                default: unpackQ8_0
                }
            for block in 0..<blocks {
                unpack(input + block * bytesPerBlock, output + block * valuesPerBlock)
            }
        }
    }
}

// SAFETY, for all below: the caller passes a pointer to one whole block and one to room for its values.

@inline(__always)
private func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float {
    HalfPrecision.float(binary16: UInt16(littleEndian: (block + offset).loadUnaligned(as: UInt16.self)))
}

@inline(__always)
private func byte(_ block: UnsafeRawPointer, _ offset: Int) -> Int32 {
    Int32(truncatingIfNeeded: block.load(fromByteOffset: offset, as: UInt8.self))
}

private func unpackQ8_0(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0)
    for index in 0..<32 { values[index] = scale * Float(block.load(fromByteOffset: 2 + index, as: Int8.self)) }
}

private func unpackQ4_0(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0)
    for index in 0..<16 {
        let pair = byte(block, 2 + index)
        values[index] = scale * Float((pair & 15) &- 8)
        values[index &+ 16] = scale * Float((pair >> 4) &- 8)
    }
}

private func unpackQ4_1(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0), minimum = half(block, 2)
    for index in 0..<16 {
        let pair = byte(block, 4 + index)
        values[index] = scale * Float(pair & 15) + minimum
        values[index &+ 16] = scale * Float(pair >> 4) + minimum
    }
}

private func unpackQ5_0(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0)
    let fifths = UInt32(littleEndian: (block + 2).loadUnaligned(as: UInt32.self))
    for index in 0..<16 {
        let pair = byte(block, 6 + index)
        let low = Int32(truncatingIfNeeded: (fifths >> UInt32(index)) & 1) << 4
        let high = Int32(truncatingIfNeeded: (fifths >> UInt32(index + 16)) & 1) << 4
        values[index] = scale * Float((pair & 15 | low) &- 16)
        values[index &+ 16] = scale * Float((pair >> 4 | high) &- 16)
    }
}

private func unpackQ5_1(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let scale = half(block, 0), minimum = half(block, 2)
    let fifths = UInt32(littleEndian: (block + 4).loadUnaligned(as: UInt32.self))
    for index in 0..<16 {
        let pair = byte(block, 8 + index)
        let low = Int32(truncatingIfNeeded: (fifths >> UInt32(index)) & 1) << 4
        let high = Int32(truncatingIfNeeded: (fifths >> UInt32(index + 16)) & 1) << 4
        values[index] = scale * Float(pair & 15 | low) + minimum
        values[index &+ 16] = scale * Float(pair >> 4 | high) + minimum
    }
}

/// 8 groups of 32 values; a group's 6-bit scale and minimum are packed into 12 bytes, the upper bits of the last four
/// groups' in the top bits of the first four's.
private func unpackQ4_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let scaleOfScales = half(block, 0), scaleOfMinima = half(block, 2)
    let packed = 4, quants = 16
    for group in 0..<8 {
        let scale: Int32, minimum: Int32
        if group < 4 {
            scale = byte(block, packed + group) & 63
            minimum = byte(block, packed + group + 4) & 63
        } else {
            let lower = byte(block, packed + group + 4)
            scale = lower & 15 | (byte(block, packed + group - 4) >> 6) << 4
            minimum = lower >> 4 | (byte(block, packed + group) >> 6) << 4
        }
        let factor = scaleOfScales * Float(scale), subtrahend = scaleOfMinima * Float(minimum)
        let shift = Int32(group & 1) * 4
        for index in 0..<32 {
            let quant = (byte(block, quants + group / 2 * 32 + index) >> shift) & 15
            values[group * 32 + index] = factor * Float(quant) - subtrahend
        }
    }
}

/// 16 groups of 16 values: 4 low bits in `low`, 2 high bits in `high`, one signed 8-bit scale a group.
private func unpackQ6_K(_ block: UnsafeRawPointer, _ values: UnsafeMutablePointer<Float>) {
    let low = 0, high = 128, scales = 192
    let superScale = half(block, 208)
    for group in 0..<16 {
        let scale = superScale * Float(block.load(fromByteOffset: scales + group, as: Int8.self))
        let section = group / 8, quarter = (group % 8) / 2
        let lowBytes = low + section * 64 + (quarter & 1) * 32 + (group & 1) * 16
        let highBytes = high + section * 32 + (group & 1) * 16
        let lowShift = Int32(quarter >> 1) * 4, highShift = Int32(quarter) * 2
        for index in 0..<16 {
            let lowBits = (byte(block, lowBytes + index) >> lowShift) & 15
            let highBits = (byte(block, highBytes + index) >> highShift) & 3
            values[group * 16 + index] = scale * Float((lowBits | highBits << 4) &- 32)
        }
    }
}
