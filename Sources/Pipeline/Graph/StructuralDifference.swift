public import Artifacts

/// One place at which two JSON values differ.
public struct JSONChange: Sendable, Equatable {
    /// The keys from the root; positions of an array as digits.
    public let path: [String]
    /// Nil where the old value has nothing there.
    public let old: JSONValue?
    /// Nil where the new value has nothing there.
    public let new: JSONValue?
}

/// Where two JSON values differ, as deep as possible: objects key by key, arrays of equal length place by place.
///
/// Keys come in the order of their code points, so that the first difference is always the same one.
public func structuralDifference(_ old: JSONValue, _ new: JSONValue) -> [JSONChange] {
    difference(old, new, path: [])
}

private func difference(_ old: JSONValue?, _ new: JSONValue?, path: [String]) -> [JSONChange] {
    switch (old, new) {
    case (.object(let before), .object(let after)):
        return Set(before.keys).union(after.keys).sorted().flatMap { key in
            difference(before[key], after[key], path: path + [key])
        }
    // Arrays of other lengths are shown whole: which element was added is a guess.
    case (.array(let before), .array(let after)) where before.count == after.count:
        return before.indices.flatMap { index in
            difference(before[index], after[index], path: path + [String(index)])
        }
    default:
        return old == new ? [] : [JSONChange(path: path, old: old, new: new)]
    }
}
