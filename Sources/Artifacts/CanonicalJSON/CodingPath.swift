/// A key made of a position or a fixed word, for paths in error messages.
struct PathKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ word: String) { (stringValue, intValue) = (word, nil) }
    init(_ position: Int) { (stringValue, intValue) = ("\(position)", position) }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}

enum CodingPath {
    /// `$.judges[2].name`: `$` is the value that was read or written.
    static func text(_ path: [any CodingKey]) -> String {
        path.reduce(into: "$") { text, key in
            if let position = key.intValue { text += "[\(position)]" } else { text += ".\(key.stringValue)" }
        }
    }
}
