/// Ids by spelling, while a definition is being put together, and the merges looked up with it.
struct VocabularyIndex {
    private let table: ByteStringTable
    /// The file's name, for messages.
    private let file: String

    init(_ vocabulary: [String], file: String) {
        table = ByteStringTable(vocabulary.map { Array($0.utf8) }) { _ in true }
        self.file = file
    }

    func id(of token: String) -> Int32? { table.id(of: Array(token.utf8)[...]) }

    /// The merge of two spellings, as UTF-8.
    ///
    /// - Throws: `ModelError.file` when one of them, or the two joined, is not a token.
    func merge(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) throws(ModelError) -> TokenizerDefinition.Merge
    {
        guard let leftID = table.id(of: left), let rightID = table.id(of: right),
            let result = table.id(of: (left + right)[...])
        else {
            let pair = "\(String(decoding: left, as: UTF8.self)) \(String(decoding: right, as: UTF8.self))"
            throw .file(name: file, problem: "the merge '\(pair)' names a token that is not in the vocabulary")
        }
        return TokenizerDefinition.Merge(left: leftID, right: rightID, result: result)
    }

    /// The merge written as `left right`.
    func merge(spaced text: String) throws(ModelError) -> TokenizerDefinition.Merge {
        // Bytes, since a space before a combining mark is one Character with it. The first may be a space itself.
        let bytes = Array(text.utf8)
        guard let space = bytes.dropFirst().firstIndex(of: 0x20) else {
            throw .file(name: file, problem: "the merge '\(text)' is not two tokens with a space between them")
        }
        return try merge(bytes[..<space], bytes[(space + 1)...])
    }
}
