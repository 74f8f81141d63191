public import Foundation

/// Which runs keep their results when a store is collected: of each pipeline the newest few that finished, the latest
/// that did not, unless all of those came after it, and all that are young.
public struct Retention: Sendable, Equatable {
    /// How many finished runs of each pipeline.
    public var runs: Int
    /// Seconds; nil where age does not count.
    public var age: TimeInterval?

    public init(runs: Int, age: TimeInterval? = nil) {
        self.runs = runs
        self.age = age
    }
}

/// Something that keeps results from being collected.
public struct CollectionRoot: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// What names such as `m3.pairs` stand for now.
        case names
        case run, pin, lockfile
    }

    public let kind: Kind
    /// The run, the pin or the lockfile; the pipeline whose names they are.
    public let name: String
    /// Why it holds, in words.
    public let reason: String
    public let keys: Set<ContentDigest>
}

extension RunListing {
    /// When it began, as its name says; nil for a folder that no run made.
    public var startedAt: Date? {
        let time = id.prefix { $0 != "Z" }.split(separator: "T")
        guard time.count == 2 else { return nil }
        return try? Date("\(time[0])T\(time[1].replacing("-", with: ":"))Z", strategy: .iso8601)
    }

    /// The name of its pipeline; empty where it did not come so far.
    var pipeline: String {
        summary?["pipeline"]?.stringValue
            ?? events.lazy.compactMap { $0["pipeline"]?.stringValue }.first ?? ""
    }

    /// Whether every stage of it came to its result.
    var isFinished: Bool {
        let outcomes = (summary?["results"]?.arrayValue ?? []).map { $0["outcome"]?.stringValue }
        return !outcomes.isEmpty && outcomes.allSatisfy { ["cached", "ran"].contains($0) }
    }

    /// The keys that it used, made or was about to make.
    var keys: Set<ContentDigest> {
        let values = summary.map { $0["results"]?.arrayValue ?? [] } ?? events
        return Set(values.compactMap { $0["key"]?.stringValue.flatMap { ContentDigest(hex: $0) } })
    }

    /// What the names of its stages stood for when it ended; none for a run without an end.
    var uses: [StageUse] {
        (summary?["results"]?.arrayValue ?? []).compactMap { result in
            guard ["cached", "ran"].contains(result["outcome"]?.stringValue), let name = result["name"]?.stringValue,
                let key = result["key"]?.stringValue.flatMap({ ContentDigest(hex: $0) })
            else { return nil }
            return StageUse(pipeline: pipeline, stageName: name, key: key)
        }
    }

    /// Content that it left without a record: the outputs of stages that are not cached.
    var outputs: Set<ContentDigest> {
        Set((summary?["results"]?.arrayValue ?? []).flatMap { ($0["outputs"] ?? .null).digests })
    }

    /// What a run without an end wrote down, as far as it can be read.
    private var events: [JSONValue] {
        let path = folder.appending(path: "events.jsonl").path(percentEncoded: false)
        let bytes = (try? ReadableFile.contents(of: path)) ?? []
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? CanonicalJSON.parse($0) }
    }
}
