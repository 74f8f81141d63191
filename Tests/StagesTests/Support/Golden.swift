import Pipeline
import Testing

/// Digests that were written down, with the version of the stage that they belong to.
///
/// Other bytes for the same input would be reused under the old key by every store that there is. So they cannot go
/// unseen: a change that is meant raises the version, and both are written down anew in one commit.
struct Golden {
    var version: Int
    /// The first 12 digits of each.
    var digests: [String: String]

    func check<S: Stage>(
        _ stage: S.Type, gives found: [String: String], sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) {
        #expect(
            found == digests,
            """
            '\(S.kind)' gives other bytes for the same input; if that is meant, raise the version of \(S.self), and \
            write down the new digests
            """, sourceLocation: sourceLocation)
        #expect(
            S.version == version,
            "'\(S.kind)' has version \(S.version), and its digests were written down for version \(version)",
            sourceLocation: sourceLocation)
    }
}
