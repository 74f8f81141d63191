internal import Artifacts

/// Which results of a run the store still has.
struct RunResults {
    /// The stages that came to a result that was to be kept.
    let names: [String]
    /// Those whose record is gone: `gc` collected it.
    let gone: [String]

    /// - Parameter known: the keys of all results in the store.
    init(of run: RunListing, known: Set<ContentDigest>) {
        let plan = RunPlan(run: run)
        let results = (run.summary?["results"]?.arrayValue ?? []).compactMap { result -> (String, ContentDigest)? in
            guard let name = result["name"]?.stringValue, let outcome = result["outcome"]?.stringValue,
                ["ran", "cached"].contains(outcome), let key = result["key"]?.stringValue,
                // What 'cache: false' kept from the store cannot be lost from it.
                plan?.keepsResult(of: name) ?? true
            else { return nil }
            return ContentDigest(hex: key).map { (name, $0) }
        }
        names = results.map(\.0)
        gone = results.filter { !known.contains($0.1) }.map(\.0)
    }

    var total: Int { names.count }

    /// `kept`, `gone`, `20 of 23 kept`; nil for a run without results.
    var text: String? {
        if total == 0 { return nil }
        if gone.isEmpty { return "kept" }
        return gone.count == total ? "gone" : "\(total - gone.count) of \(total) kept"
    }
}
