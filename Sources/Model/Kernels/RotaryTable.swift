import Foundation

/// Cosines and sines of the rotary angles: position · theta^(−2j / headSize) for pair `j` (Su et al. 2021).
///
/// Angles are formed in double precision: at position 8,000 a single-precision angle is off by 2e-4.
package struct RotaryTable: Sendable {
    package let positions: Int
    package let headSize: Int
    /// (positions, headSize / 2)
    package let cosine: FloatBuffer
    /// (positions, headSize / 2)
    package let sine: FloatBuffer

    /// - Parameter positions: how many positions, from 0, the table covers.
    package init(positions: Int, headSize: Int, theta: Double) {
        precondition(headSize % 2 == 0, "RotaryTable: head size \(headSize) is odd")
        self.positions = positions
        self.headSize = headSize
        let half = headSize / 2
        cosine = FloatBuffer(count: positions * half)
        sine = FloatBuffer(count: positions * half)
        let frequencies = (0..<half).map { pow(theta, -2 * Double($0) / Double(headSize)) }
        for position in 0..<positions {
            for (j, frequency) in frequencies.enumerated() {
                let angle = Double(position) * frequency
                cosine.pointer[position * half + j] = Float(cos(angle))
                sine.pointer[position * half + j] = Float(sin(angle))
            }
        }
    }
}
