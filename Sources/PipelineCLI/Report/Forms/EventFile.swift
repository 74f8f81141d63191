internal import Foundation

/// TensorBoard's event files: TFRecord frames around `Event` messages, written by hand, since of both formats very
/// little is needed for numbers over steps.
package struct EventFile: Sendable {
    package struct Scalar: Sendable, Equatable {
        package var tag: String
        package var step: Int
        package var value: Double

        package init(tag: String, step: Int, value: Double) {
            self.tag = tag
            self.step = step
            self.value = value
        }
    }

    /// Seconds since 1970, of every event: what a run shows must not depend on when its report is made.
    package var time: Double
    package var scalars: [Scalar]

    package init(time: Double, scalars: [Scalar]) {
        self.time = time
        self.scalars = scalars
    }

    package var bytes: [UInt8] {
        var header = ProtocolMessage()
        header.add(double: time, as: 1)
        header.add(text: "brain.Event:2", as: 3)
        return scalars.reduce(into: Self.frame(header.bytes)) { $0 += Self.frame(event($1)) }
    }

    /// Event{wall_time = 1, step = 2, summary = 5}, Summary{value = 1}, Value{tag = 1, simple_value = 2}.
    private func event(_ scalar: Scalar) -> [UInt8] {
        var value = ProtocolMessage(), summary = ProtocolMessage(), event = ProtocolMessage()
        value.add(text: scalar.tag, as: 1)
        value.add(float: Float(scalar.value), as: 2)
        summary.add(value.bytes, as: 1)
        event.add(double: time, as: 1)
        event.add(integer: UInt64(max(0, scalar.step)), as: 2)
        event.add(summary.bytes, as: 5)
        return event.bytes
    }

    /// A TFRecord: the length, its checksum, the content, its checksum; integers with the least byte first.
    private static func frame(_ content: [UInt8]) -> [UInt8] {
        let length = bytes(of: UInt64(content.count))
        return length + bytes(of: CastagnoliChecksum.masked(length)) + content
            + bytes(of: CastagnoliChecksum.masked(content))
    }

    fileprivate static func bytes(of integer: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: integer.littleEndian) { Array($0) }
    }
}

/// CRC-32C, the cyclic redundancy check with Castagnoli's polynomial (RFC 3720, B.4).
package enum CastagnoliChecksum {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
    }

    package static func value(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }

    /// As TFRecords store it: turned and moved, so that a checksum over bytes that hold checksums stays one.
    package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let value = value(bytes)
        return (value >> 15 | value << 17) &+ 0xA282_EAD8
    }
}

/// A Protocol Buffers message under construction.
private struct ProtocolMessage {
    private(set) var bytes: [UInt8] = []

    mutating func add(integer value: UInt64, as field: UInt64) {
        key(field, wire: 0)
        variable(value)
    }

    mutating func add(double value: Double, as field: UInt64) {
        key(field, wire: 1)
        bytes += EventFile.bytes(of: value.bitPattern)
    }

    mutating func add(float value: Float, as field: UInt64) {
        key(field, wire: 5)
        bytes += EventFile.bytes(of: value.bitPattern)
    }

    mutating func add(text: String, as field: UInt64) { add(Array(text.utf8), as: field) }

    mutating func add(_ content: [UInt8], as field: UInt64) {
        key(field, wire: 2)
        variable(UInt64(content.count))
        bytes += content
    }

    private mutating func key(_ field: UInt64, wire: UInt64) { variable(field << 3 | wire) }

    /// Seven bits a byte, the lowest first.
    private mutating func variable(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
