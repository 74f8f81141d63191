import CKernels

/// The keys and values (depth, headSize) of one head that a segment sees, by position.
struct GatheredContext {
    var keys: UnsafePointer<Float>
    var values: UnsafePointer<Float>
    var depth: Int
    var headSize: Int
}

/// The products of a block of queries with a context, in one precision.
///
/// Scores, weights and their gradients are (rows, positions), a fixed stride apart; positions count from 0. A sum over
/// positions runs in one order, in bfloat16 the later of a pair first.
protocol AttentionContext {
    /// `scores` = `rows` · keysᵀ, or · valuesᵀ. What stands behind `positions` in a row is unspecified.
    func scores(
        _ rows: UnsafePointer<Float>, stride: Int, rows count: Int, positions: Int, with side: ContextSide,
        into scores: UnsafeMutablePointer<Float>)
    /// `output` (rows, headSize) = `weights` · values.
    func output(
        _ weights: UnsafePointer<Float>, rows count: Int, positions: Int, into output: UnsafeMutablePointer<Float>,
        stride: Int)
    /// `gradient` (rows, headSize) += `scoreGradient` · keys.
    func addQueryGradient(
        _ scoreGradient: UnsafePointer<Float>, rows count: Int, positions: Int,
        to gradient: UnsafeMutablePointer<Float>, stride: Int)
    /// `sum` (positions, headSize) += `weights`ᵀ · `rows` (rows, headSize).
    func addTransposed(
        _ weights: UnsafePointer<Float>, rows count: Int, positions: Int, times rows: UnsafePointer<Float>,
        stride: Int, to sum: UnsafeMutablePointer<Float>)
}

enum ContextSide { case keys, values }

/// In single precision, by `kernel_product`.
struct SinglePrecisionContext: AttentionContext {
    private let context: GatheredContext
    private let scoreStride: Int
    /// (headSize, columnStride): sixteen positions' scores come from one vector.
    private let turnedKeys: UnsafeMutablePointer<Float>
    private let turnedValues: UnsafeMutablePointer<Float>
    private let columnStride: Int

    static func scratchCount(depth: Int, headSize: Int) -> Int { 2 * headSize * AttentionPlan.scoreStride(depth) }

    /// - Parameter scratch: `scratchCount` floats.
    init(
        _ context: GatheredContext, scoreStride: Int, backward: Bool, _ scratch: UnsafeMutablePointer<Float>
    ) {
        self.context = context
        self.scoreStride = scoreStride
        columnStride = AttentionPlan.scoreStride(context.depth)
        turnedKeys = scratch
        turnedValues = scratch + context.headSize * columnStride
        let size = context.headSize
        kernel_transpose(context.keys, size, turnedKeys, columnStride, context.depth, size)
        if backward { kernel_transpose(context.values, size, turnedValues, columnStride, context.depth, size) }
    }

    func scores(
        _ rows: UnsafePointer<Float>, stride: Int, rows count: Int, positions: Int, with side: ContextSide,
        into scores: UnsafeMutablePointer<Float>
    ) {
        // Whole vectors: what is computed past `positions` is not looked at.
        kernel_product(
            count, (positions + 15) / 16 * 16, context.headSize, rows, stride, 1,
            side == .keys ? turnedKeys : turnedValues, columnStride, scores, scoreStride, 0)
    }

    func output(
        _ weights: UnsafePointer<Float>, rows count: Int, positions: Int, into output: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        kernel_product(
            count, context.headSize, positions, weights, scoreStride, 1, context.values, context.headSize, output,
            stride, 0)
    }

    func addQueryGradient(
        _ scoreGradient: UnsafePointer<Float>, rows count: Int, positions: Int,
        to gradient: UnsafeMutablePointer<Float>, stride: Int
    ) {
        kernel_product(
            count, context.headSize, positions, scoreGradient, scoreStride, 1, context.keys, context.headSize,
            gradient, stride, 1)
    }

    func addTransposed(
        _ weights: UnsafePointer<Float>, rows count: Int, positions: Int, times rows: UnsafePointer<Float>,
        stride: Int, to sum: UnsafeMutablePointer<Float>
    ) {
        kernel_product(
            positions, context.headSize, count, weights, 1, scoreStride, rows, stride, sum, context.headSize, 1)
    }
}

/// In bfloat16: every factor is rounded, weights and gradients too; sums are single precision.
struct BFloat16Context: AttentionContext {
    private static let panel = Int(kernel_panel_columns)

    private let headSize: Int
    private let depth: Int
    private let scoreStride: Int
    /// Right factors: the context with its depth along headSize, for scores, and along positions, for sums of rows.
    private let acrossKeys, acrossValues, alongKeys, alongValues: UnsafeMutablePointer<UInt32>
    /// A left and a right factor of the block at hand.
    private let left, right: UnsafeMutablePointer<UInt32>

    static func scratchCount(depth: Int, headSize: Int) -> Int {
        2 * kernel_panel_words(headSize, depth) + 2 * kernel_panel_words(depth, headSize)
            + leftCount(depth: depth, headSize: headSize) + kernel_panel_words(Attention.queryBlock, headSize)
    }

    /// Words of the largest left factor: a block's weights, turned or not, or its queries.
    private static func leftCount(depth: Int, headSize: Int) -> Int {
        let block = Attention.queryBlock
        return max(block * kernel_pairs(depth), kernel_panel_words(block, depth), block * kernel_pairs(headSize))
    }

    /// - Parameter scratch: `scratchCount` floats.
    init(
        _ context: GatheredContext, scoreStride: Int, backward: Bool, _ scratch: UnsafeMutablePointer<Float>
    ) {
        headSize = context.headSize
        depth = context.depth
        self.scoreStride = scoreStride
        // SAFETY: the scratch is this context's alone as long as it lives, and bound anew by the next.
        var next = UnsafeMutableRawPointer(scratch).bindMemory(
            to: UInt32.self, capacity: Self.scratchCount(depth: depth, headSize: headSize))
        func take(_ count: Int) -> UnsafeMutablePointer<UInt32> {
            defer { next += count }
            return next
        }
        acrossKeys = take(kernel_panel_words(headSize, depth))
        acrossValues = take(kernel_panel_words(headSize, depth))
        alongKeys = take(kernel_panel_words(depth, headSize))
        alongValues = take(kernel_panel_words(depth, headSize))
        left = take(Self.leftCount(depth: depth, headSize: headSize))
        right = take(kernel_panel_words(Attention.queryBlock, headSize))
        let panelWords = kernel_pairs(depth) * Self.panel
        kernel_panels_of_columns(context.keys, headSize, acrossKeys, headSize, depth)
        if backward {
            kernel_panels_of_columns(context.values, headSize, acrossValues, headSize, depth)
            kernel_panels_of_rows(context.keys, headSize, alongKeys, panelWords, depth, headSize)
        } else {
            kernel_panels_of_rows(context.values, headSize, alongValues, panelWords, depth, headSize)
        }
    }

    func scores(
        _ rows: UnsafePointer<Float>, stride: Int, rows count: Int, positions: Int, with side: ContextSide,
        into scores: UnsafeMutablePointer<Float>
    ) {
        let pairs = kernel_pairs(headSize)
        kernel_pairs_of_rows(rows, stride, left, pairs, count, headSize)
        // Whole panels: what is computed past `positions` is not looked at.
        kernel_bfloat16_product(
            count, (positions + Self.panel - 1) / Self.panel * Self.panel, pairs, left, pairs, 1,
            side == .keys ? acrossKeys : acrossValues, scores, scoreStride, 0)
    }

    func output(
        _ weights: UnsafePointer<Float>, rows count: Int, positions: Int, into output: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        sum(weights, count, positions, alongValues, into: output, stride, adds: false)
    }

    func addQueryGradient(
        _ scoreGradient: UnsafePointer<Float>, rows count: Int, positions: Int,
        to gradient: UnsafeMutablePointer<Float>, stride: Int
    ) {
        sum(scoreGradient, count, positions, alongKeys, into: gradient, stride, adds: true)
    }

    /// `output` (count, headSize) = or += `weights` (count, positions) · the first `positions` rows of the context.
    private func sum(
        _ weights: UnsafePointer<Float>, _ count: Int, _ positions: Int, _ rows: UnsafePointer<UInt32>,
        into output: UnsafeMutablePointer<Float>, _ stride: Int, adds: Bool
    ) {
        let pairs = kernel_pairs(positions)
        kernel_pairs_of_rows(weights, scoreStride, left, pairs, count, positions)
        // A panel at a time: each has rows for the whole depth, of which the first are taken.
        for column in Swift.stride(from: 0, to: headSize, by: Self.panel) {
            kernel_bfloat16_product(
                count, min(Self.panel, headSize - column), pairs, left, pairs, 1,
                rows + column * kernel_pairs(depth), output + column, stride, adds ? 1 : 0)
        }
    }

    func addTransposed(
        _ weights: UnsafePointer<Float>, rows count: Int, positions: Int, times rows: UnsafePointer<Float>,
        stride: Int, to sum: UnsafeMutablePointer<Float>
    ) {
        let pairs = kernel_pairs(count), panel = Self.panel
        kernel_panels_of_rows(weights, scoreStride, left, pairs * panel, count, positions)
        kernel_panels_of_rows(rows, stride, right, pairs * panel, count, headSize)
        for position in Swift.stride(from: 0, to: positions, by: panel) {
            kernel_bfloat16_product(
                min(panel, positions - position), headSize, pairs, left + position * pairs, 1, panel, right,
                sum + position * headSize, headSize, 1)
        }
    }
}
