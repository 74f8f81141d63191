/// The 16-bit float formats of weight files, widened to single precision without rounding.
enum HalfPrecision {
    /// The value of an IEEE 754 binary16, subnormals, infinities and NaNs included.
    @inline(__always)
    static func float(binary16 bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7FFF) << 13
        let sign = UInt32(bits & 0x8000) << 16
        if bits & 0x7C00 == 0x7C00 { return Float(bitPattern: sign | magnitude | 0x7F80_0000) }
        // The exponent fields differ by a bias of 112; a multiplication also normalises what was subnormal.
        return Float(bitPattern: sign | (Float(bitPattern: magnitude) * 0x1p112).bitPattern)
    }

    /// The value of a bfloat16: the upper half of a single-precision float.
    @inline(__always)
    static func float(bfloat16 bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }
}
