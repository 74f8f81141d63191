/// The bytes of every token, in one block, and the way back from bytes to id.
///
/// Keys are bytes and not `String`s, because `String` treats two spellings of an accented letter as equal, and
/// vocabularies hold both.
struct ByteStringTable: Sendable {
    private var storage: [UInt8] = []
    /// Token `i` is `storage[starts[i]..<starts[i + 1]]`.
    private var starts: [Int32] = [0]
    /// Open addressing over a power of two of slots; `empty` marks a free one.
    private var slots: [Int32]
    private static let empty: Int32 = -1

    var count: Int { starts.count - 1 }

    /// - Parameter isFound: whether a token can be found by its bytes. Where two have the same, the first is found.
    init(_ tokens: [[UInt8]], isFound: (Int) -> Bool) {
        var size = 16
        while size < tokens.count * 2 { size *= 2 }
        slots = Array(repeating: Self.empty, count: size)
        storage.reserveCapacity(tokens.reduce(0) { $0 + $1.count })
        starts.reserveCapacity(tokens.count + 1)
        for token in tokens {
            storage.append(contentsOf: token)
            starts.append(Int32(storage.count))
        }
        for (index, token) in tokens.enumerated() where isFound(index) && !token.isEmpty {
            let slot = slot(of: token[...])
            if slots[slot] == Self.empty { slots[slot] = Int32(index) }
        }
    }

    subscript(id: Int) -> ArraySlice<UInt8> { storage[Int(starts[id])..<Int(starts[id + 1])] }

    /// The token with exactly these bytes.
    func id(of bytes: ArraySlice<UInt8>) -> Int32? {
        let found = slots[slot(of: bytes)]
        return found == Self.empty ? nil : found
    }

    /// The slot that holds `bytes`, or the free one where they would go.
    private func slot(of bytes: ArraySlice<UInt8>) -> Int {
        let mask = slots.count - 1
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while slots[slot] != Self.empty, self[Int(slots[slot])] != bytes { slot = (slot + 1) & mask }
        return slot
    }
}
