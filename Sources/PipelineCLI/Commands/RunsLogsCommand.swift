internal import ArgumentParser
internal import Artifacts
internal import Foundation

/// `pipeline runs logs`.
struct RunsLogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Write what happened in a run, an event a line.",
        discussion: "Progress, shards and metrics are left out unless --all asks for them.")

    @OptionGroup var choice: RunChoice
    @Option(help: ArgumentHelp("Only events of this stage.", valueName: "stage"))
    var stage: String?
    @Flag(help: "Progress, shards and metrics too.")
    var all = false
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var output: JSONOption

    private static let frequent: Set<String> = ["progress", "metrics", "shard_done"]

    func run() async throws {
        let run = try choice.listing(in: storeOptions.open())
        let all = try PastRun.events(of: run)
        let days = RunEventText.days(of: all, from: run.id)
        var events = Array(zip(days, all))
        if let stage {
            events = events.filter { RunEventText.stage(of: $0.1) == stage }
            if events.isEmpty { throw CommandError.noEvents(of: stage, run: run.id) }
        }
        if !self.all { events.removeAll { Self.frequent.contains($0.1["event"]?.stringValue ?? "") } }
        guard !output.json else {
            return try Console.print(json: [
                "schema": "pipeline.events/1", "run": .string(run.id), "events": .array(events.map(\.1)),
            ])
        }
        var shown: String?
        for (day, event) in events {
            if day != shown { try Console.print("\(day), UTC") }
            shown = day
            try Console.print(RunEventText.line(event))
        }
    }
}

/// An event of `events.jsonl` in words: the time, the event, the stage, and what it says of it.
enum RunEventText {
    /// Members that have their own place in the line, or are too long for it.
    private static let placed: Set<String> = ["at", "event", "stage", "name", "outputs", "summary", "key", "results"]

    /// The day of each event, whose own time has none. A run begins on the day that its id names.
    static func days(of events: [JSONValue], from run: String) -> [String] {
        let noon = "T12:00:00Z"
        var date = (try? Date(run.prefix(10) + noon, strategy: .iso8601)) ?? .distantPast
        var last = ""
        return events.map { event in
            let hour = event["at"]?.stringValue ?? last
            // Events come in the order of their times but for midnight; a clock that was set back a little is none.
            if hour.prefix(2) < "06", last.prefix(2) >= "18" { date += 86_400 }
            last = hour
            return String(date.formatted(.iso8601).prefix(10))
        }
    }

    static func line(_ event: JSONValue) -> String {
        let members = event.objectValue ?? [:]
        let time = members["at"]?.stringValue.map { String($0.prefix(8)) } ?? "--:--:--"
        let kind = (members["event"]?.stringValue ?? "event").replacing("_", with: " ")
        let details = members.filter { !placed.contains($0.key) && $0.value != .null }.sorted { $0.key < $1.key }
            .map { "\($0.key) \(text($0.value))" }
        let parts = [time, kind, stage(of: event)].compactMap { $0 } + details
        return DisplayText.harmless(parts.joined(separator: "  ")).replacing("\n", with: " ")
    }

    /// The end of a stage names its kind as 'stage', and itself as 'name'.
    static func stage(of event: JSONValue) -> String? { event["name"]?.stringValue ?? event["stage"]?.stringValue }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .number(let number): Quantities.significant(number)
        case .object(let members):
            members.sorted { $0.key < $1.key }.map { "\($0.key) \(text($0.value))" }.joined(separator: ", ")
        default: (try? CanonicalJSON.text(value)) ?? "?"
        }
    }
}
