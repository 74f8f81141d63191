internal import Artifacts
internal import Foundation
internal import Stages

/// Ballots as people get them: in `raters/`, for each a page to read and vote on and a form to fill in by hand; beside it
/// `key.csv`, which says whose the answers are.
struct HumanPacketExport {
    private let listing: ArtifactListing

    /// - Throws: `CommandError.wrongSchema` for an artifact of other rows.
    init(_ listing: ArtifactListing) throws {
        try listing.demand(Ballot.schema, for: "human-packet")
        self.listing = listing
    }

    func write(from store: ArtifactStore, to folder: URL) throws {
        let ballots = try store.reader(listing.reference, as: Ballot.self).all()
        let raters = folder.appending(path: "raters", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: raters, withIntermediateDirectories: false)
        for (rater, ballots) in Dictionary(grouping: ballots, by: \.rater).sorted(by: { $0.key < $1.key }) {
            let page = BallotPage(rater: rater, ballots: ballots)
            try Data(page.html.utf8).write(to: raters.appending(path: "rater-\(rater).html"))
            try Data(Self.form(ballots).utf8).write(to: raters.appending(path: "rater-\(rater).csv"))
        }
        try Data(Self.key(ballots).utf8).write(to: folder.appending(path: "key.csv"))
    }

    // Neither table has a text of a model in it: a spreadsheet would take one that begins with '=' for a formula.

    private static func form(_ ballots: [Ballot]) -> String {
        table([["ballot", "number", "vote"]] + ballots.map { [$0.id, "\($0.number)", ""] })
    }

    private static func key(_ ballots: [Ballot]) -> String {
        let header = [
            "ballot", "rater", "number", "prompt_id", "answer_1", "answer_2", "candidate_id", "baseline_id",
        ]
        return table(
            [header]
                + ballots.map { ballot in
                    let isInOrder = ballot.shown == .firstThenSecond
                    return [
                        ballot.id, "\(ballot.rater)", "\(ballot.number)", ballot.promptID,
                        isInOrder ? "candidates" : "baseline", isInOrder ? "baseline" : "candidates", ballot.firstID,
                        ballot.secondID,
                    ]
                })
    }

    private static func table(_ rows: [[String]]) -> String {
        rows.map { $0.joined(separator: ",") + "\r\n" }.joined()
    }
}
