package import Model

/// Rows of numbers in double precision, each filled up with zeros to whole vectors of eight.
///
/// Sums over a row go through eight lanes and then over the lanes, always in this order: they have the same bits whatever
/// the machine's vectors and however many threads compute other rows.
package struct RowMatrix {
    package typealias Lanes = SIMD8<Double>

    package let rows: Int
    package let columns: Int
    /// Vectors in a row.
    let width: Int
    private let buffer: AlignedBuffer<Double>

    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        width = (columns + Lanes.scalarCount - 1) / Lanes.scalarCount
        buffer = AlignedBuffer(count: rows * width * Lanes.scalarCount)
    }

    /// - Precondition: all vectors have the same length.
    package init(_ vectors: [[Double]]) {
        self.init(rows: vectors.count, columns: vectors.first?.count ?? 0)
        for (row, vector) in vectors.enumerated() {
            precondition(vector.count == columns, "RowMatrix: \(vector.count) numbers in a row of \(columns)")
            for (column, value) in vector.enumerated() { self[row, column] = value }
        }
    }

    package subscript(row: Int, column: Int) -> Double {
        get { buffer.pointer[place(row, column)] }
        // Rows may be written from several threads at once, each place by one.
        nonmutating set { buffer.pointer[place(row, column)] = newValue }
    }

    private func place(_ row: Int, _ column: Int) -> Int {
        precondition(
            row >= 0 && row < rows && column >= 0 && column < columns,
            "RowMatrix: place (\(row), \(column)) outside (\(rows), \(columns))")
        return row * width * Lanes.scalarCount + column
    }

    /// The vectors of a row, zeros behind its last column.
    func lanes(_ row: Int) -> UnsafeMutableBufferPointer<Lanes> {
        precondition(row >= 0 && row < rows, "RowMatrix: row \(row) of \(rows)")
        // The buffer begins at a multiple of 64 bytes, and so does each row.
        let start = UnsafeMutableRawPointer(buffer.pointer + row * width * Lanes.scalarCount)
        return UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: Lanes.self), count: width)
    }

    /// Σ row · other.
    func product(_ row: Int, _ other: [Lanes]) -> Double {
        let lanes = lanes(row)
        var sum = Lanes.zero
        for index in 0..<width { sum += lanes[index] * other[index] }
        return sum.sum()
    }

    /// Σ (row − other)².
    func squaredDistance(_ row: Int, _ other: Int) -> Double {
        let first = lanes(row), second = lanes(other)
        var sum = Lanes.zero
        for index in 0..<width {
            let difference = first[index] - second[index]
            sum += difference * difference
        }
        return sum.sum()
    }

    /// The squared distance of each two rows: (rows, rows), symmetric, 0 on the diagonal and between equal rows.
    package func squaredDistances(_ pool: WorkerPool) -> RowMatrix {
        let distances = RowMatrix(rows: rows, columns: rows)
        pool.run(rows) { row in
            for other in 0..<row {
                let distance = squaredDistance(row, other)
                distances[row, other] = distance
                distances[other, row] = distance
            }
        }
        return distances
    }
}
