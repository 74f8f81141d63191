import Model
import Testing

/// Small tools for comparing a kernel with its formula in double precision.
enum Oracle {
    static func values(_ count: Int, _ stream: UInt64, scale: Double = 2) -> [Float] {
        var generator = Philox(key: 21, stream: stream)
        return (0..<count).map { _ in Float(scale * (generator.uniform() - 0.5)) }
    }

    /// Σ over `input`'s places of d (Σ upstream · f(input)) / d input, by central differences of `f`.
    ///
    /// With a step of 1e-5 the difference errs by about 1e-10 times the third derivative, far below single precision.
    static func gradient(_ input: [Float], upstream: [Float], _ f: ([Double]) -> [Double]) -> [Double] {
        let point = input.map(Double.init), step = 1e-5
        return point.indices.map { index in
            var above = point, below = point
            above[index] += step
            below[index] -= step
            let difference = zip(f(above), f(below)).map { ($0 - $1) / (2 * step) }
            return zip(difference, upstream).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
    }

    /// `terms` roundings of sums whose terms are of the size of `scale`.
    static func expect(
        _ found: [Float], near exact: [Double], terms: Int, scale: Double = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == exact.count, sourceLocation: sourceLocation)
        let largest = exact.reduce(scale) { max($0, abs($1)) }
        let bound = Double(terms) * Double(Float.ulpOfOne) * largest
        for (index, (value, truth)) in zip(found, exact).enumerated() {
            #expect(abs(Double(value) - truth) <= bound, "element \(index)", sourceLocation: sourceLocation)
        }
    }
}
