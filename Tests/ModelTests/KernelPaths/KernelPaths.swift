import CKernelPaths
import Testing

/// The instruction sets by which this CPU can compute the kernels, and what is said of their agreement.
enum KernelPaths {
    static let hasAVX512 = kernel_path_avx512_runs() != 0
    static let hasAVX2 = kernel_path_avx2_runs() != 0
    static var isX86: Bool {
        #if arch(x86_64)
            true
        #else
            false
        #endif
    }

    /// Relative error of one rounding of a result, and of one of the smallest numbers.
    static let rounding = Double(Float.ulpOfOne)
    static let smallest = 0x1p-149

    /// Computes the same by every path.
    ///
    /// The path that the loader chose, AVX-512 and AVX2 agree in every bit. The plain path, which does not fuse a
    /// multiplication and an addition unless told to, agrees in every bit too, or where `bounds` are given, one for each number,
    /// within those. One NaN is as good as another.
    static func compare(
        within bounds: [Double]? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        _ compute: (_ path: kernel_path) -> [Double]
    ) {
        let plain = compute(kernel_path_plain)
        var wide: [(name: String, found: [Double])] = []
        if hasAVX2 { wide.append(("AVX2", compute(kernel_path_avx2))) }
        if hasAVX512 { wide.append(("AVX-512", compute(kernel_path_avx512))) }
        let shipped = compute(kernel_path_dispatched), best = wide.last?.found ?? plain
        expectSame(shipped, best, "shipped and \(wide.last?.name ?? "plain")", sourceLocation)
        for path in wide.dropFirst() {
            expectSame(path.found, wide[0].found, "\(path.name) and \(wide[0].name)", sourceLocation)
        }
        guard let bounds else { return expectSame(plain, best, "plain and the others", sourceLocation) }
        #expect(bounds.count == plain.count, sourceLocation: sourceLocation)
        let outside = plain.indices.filter { index in
            !isSame(plain[index], best[index]) && !(abs(plain[index] - best[index]) <= bounds[index])
        }
        #expect(
            outside.isEmpty,
            """
            plain: \(outside.count) of \(plain.count) numbers out of bounds; the first, at \(outside.first ?? 0), is \
            \(outside.first.map { (plain[$0], best[$0], bounds[$0]) } as Any)
            """, sourceLocation: sourceLocation)
    }

    private static func isSame(_ a: Double, _ b: Double) -> Bool {
        a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
    }

    private static func expectSame(
        _ a: [Double], _ b: [Double], _ names: String, _ sourceLocation: SourceLocation
    ) {
        #expect(a.count == b.count, sourceLocation: sourceLocation)
        let different = zip(a, b).enumerated().filter { !isSame($1.0, $1.1) }
        #expect(
            different.isEmpty,
            "\(names): \(different.count) of \(a.count) numbers differ; the first, \(different.first as Any)",
            sourceLocation: sourceLocation)
    }
}

/// What a kernel is given.
enum KernelInputs: CaseIterable {
    case ordinary
    /// Some numbers below the smallest normal one, and zeros of both signs.
    case subnormal
    /// One infinity of each sign.
    case infinite
    case notANumber

    /// `count` values within ± `scale` / 2, but for those that the case is about.
    func values(_ count: Int, _ stream: UInt64, scale: Double = 2) -> [Float] {
        var values = Oracle.values(count, stream, scale: scale)
        if count == 0 { return values }
        switch self {
        case .ordinary: break
        case .subnormal:
            let odd: [Float] = [
                .leastNormalMagnitude / 3, -0.0, -.leastNormalMagnitude / 999, .leastNonzeroMagnitude, 0,
            ]
            for (index, place) in stride(from: 0, to: count, by: 3).enumerated() { values[place] = odd[index % 5] }
        case .infinite:
            values[2 * count / 3] = -.infinity
            values[count / 3] = .infinity
        case .notANumber: values[count / 2] = .nan
        }
        return values
    }
}

extension [Float] {
    /// The same numbers: a Double holds every Float.
    var exact: [Double] { map(Double.init) }
}
