internal import Pipeline

/// What `run --seeds` asks for.
package enum SeedChoice: Equatable, Sendable {
    /// The plan's own seed and those after it, so many in all.
    case count(Int)
    case listed([UInt64])

    /// More runs in one command are a slip of the keyboard.
    package static let most = 1000

    /// Reads a number, `3`, or two seeds and more, `1,2,3`.
    /// - Throws: `SeedChoiceError`.
    package init(_ text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        // Canonical JSON, of which keys are made, has signed 64-bit integers.
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                ? Int64(part).map(UInt64.init) : nil
        }
        guard numbers.count == parts.count else { throw SeedChoiceError.unreadable(text) }
        let asked = numbers.count == 1 ? numbers[0] : UInt64(numbers.count)
        guard (1...UInt64(Self.most)).contains(asked) else { throw SeedChoiceError.number(asked) }
        if let repeated = numbers.indices.first(where: { numbers[..<$0].contains(numbers[$0]) }) {
            throw SeedChoiceError.repeated(numbers[repeated])
        }
        self = numbers.count == 1 ? .count(Int(asked)) : .listed(numbers)
    }

    /// The seeds of the runs, in order.
    /// - Parameter own: the seeds of the plan's stages that use one.
    /// - Throws: `SeedChoiceError` where these do not tell where to begin, or there are not enough behind.
    package func seeds(own: Set<UInt64>) throws -> [UInt64] {
        switch self {
        case .listed(let seeds): return seeds
        case .count(let count):
            guard own.count <= 1 else { throw SeedChoiceError.severalSeeds(own.sorted()) }
            let first = own.first ?? 0
            guard first <= UInt64(Int64.max) - UInt64(count - 1) else { throw SeedChoiceError.tooLarge(first) }
            return (0..<UInt64(count)).map { first + $0 }
        }
    }
}

/// What is wrong with `--seeds`.
package enum SeedChoiceError: Error, Equatable, CustomStringConvertible {
    case unreadable(String)
    case number(UInt64)
    case repeated(UInt64)
    case severalSeeds([UInt64])
    case tooLarge(UInt64)

    package var description: String {
        switch self {
        case .unreadable(let text):
            "--seeds is '\(text)'; write how many, as in 3, or which, as in 1,2,3"
        case .number(let number):
            "--seeds asks for \(number) runs; it must be from 1 to \(SeedChoice.most); for one run with a seed write "
                + "'--set seed=\(number)'"
        case .repeated(let seed):
            "--seeds names \(seed) twice; each seed is run once"
        case .severalSeeds(let seeds):
            "the stages of this plan have different seeds (\(seeds.prefix(3).map(String.init).joined(separator: ", "))), so "
                + "that none is the first of several; name them, as in --seeds 1,2,3"
        case .tooLarge(let seed):
            "the plan's seed \(seed) has not so many after it; name the seeds, as in --seeds 1,2,3"
        }
    }
}
