public import Foundation
internal import Model

extension Checkpoint {
    /// The largest difference between the weights of two safetensors files, as a share of the largest weight of its
    /// tensor.
    ///
    /// Nil where they are no safetensors files, or hold other tensors: then they are different and not close.
    public static func largestDifference(_ first: URL, _ second: URL) -> Double? {
        guard let first = try? SafetensorsFile(first), let second = try? SafetensorsFile(second),
            first.tensors.map(\.name) == second.tensors.map(\.name),
            first.tensors.map(\.shape) == second.tensors.map(\.shape)
        else { return nil }
        var largest = 0.0
        for (tensor, other) in zip(first.tensors, second.tensors) {
            guard let a = try? values(of: tensor, in: first), let b = try? values(of: other, in: second) else {
                return nil
            }
            let size = a.reduce(Float.zero) { max($0, abs($1)) }
            // A comparison with NaN is false, so that it would pass for no difference.
            guard a.allSatisfy(\.isFinite), b.allSatisfy(\.isFinite) else { return nil }
            let difference = zip(a, b).reduce(Float.zero) { max($0, abs($1.0 - $1.1)) }
            guard difference > 0 else { continue }
            guard size > 0 else { return nil }
            largest = max(largest, Double(difference / size))
        }
        return largest
    }

    private static func values(of tensor: SafetensorsFile.Tensor, in file: SafetensorsFile) throws -> [Float] {
        var values = [Float](repeating: 0, count: tensor.count)
        try values.withUnsafeMutableBufferPointer { try file.read(tensor, into: $0) }
        return values
    }
}
