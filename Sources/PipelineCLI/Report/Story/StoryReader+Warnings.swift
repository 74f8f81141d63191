internal import Artifacts
internal import Stages

extension StoryReader {
    /// What stages warned of, and what the numbers themselves warn of.
    func warnings(of story: RunStory) throws -> [StoryWarning] {
        let said = try spoken()
        let alarms = StoryAlarms(story: story, summaries: summaries)
        let warned = Set(said.filter { $0.text.contains(JudgeAlarms.collapsed) }.compactMap(\.stage))
        // A judge that warned in this run has said it in its own words; one whose result was reused is silent.
        let judging = alarms.collapse.filter { !warned.contains($0.stage ?? "") }
        let all = alarms.failures + judging + alarms.likelihood + alarms.length + alarms.parsing + alarms.data + said
        return StoryWarning.Subject.allCases.flatMap { subject in all.filter { $0.subject == subject } }
    }

    /// The warnings in the run's events.
    private func spoken() throws -> [StoryWarning] {
        try PastRun.events(of: listing).compactMap { event in
            guard event["event"] == "warning", let text = event["text"]?.stringValue else { return nil }
            return StoryWarning(subject: .stage, stage: event["stage"]?.stringValue, text: text)
        }
    }
}

/// What a run's numbers warn of.
struct StoryAlarms {
    let story: RunStory
    /// What each stage said of itself, by its position.
    let summaries: [JSONValue]

    /// A judge that states no score more often than this loses much of what it was shown.
    private static let smallestParseRate = 0.9
    /// The paper's responses grow by more than this from M1 to M2, and again to M3 (§3.2).
    private static let largestGrowth = 1.2
    /// Chosen by length alone, a fair judge would pick the longer response half of the time.
    private static let largestLongerShare = 0.7
    /// Fewer items than this give intervals that hardly exclude anything.
    private static let fewestItems = 30

    var failures: [StoryWarning] {
        story.stages.compactMap { stage in
            switch stage.outcome {
            case "failed": warning(.failure, stage.name, "failed: \(stage.reason)")
            case "skipped": warning(.failure, stage.name, "was skipped: \(stage.reason)")
            case "interrupted", "not-started": warning(.failure, stage.name, "did not end: \(stage.outcome)")
            default:
                stage.isCollected
                    ? warning(.failure, stage.name, "the store no longer holds its result; run the pipeline again")
                    : nil
            }
        }
    }

    /// Judges that give nearly everything the same score.
    var collapse: [StoryWarning] {
        story.scores.compactMap { scores in
            // An expectation over the digits tells responses apart where the digits do not.
            let total = scores.stated.values.reduce(0, +)
            guard total >= JudgeAlarms.fewestVerdicts,
                let commonest = scores.stated.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }),
                Double(commonest.value) > JudgeAlarms.largestShare * Double(total)
            else { return nil }
            let share = Numerals.percent(Double(commonest.value), of: Double(total))
            return warning(
                .collapse, scores.stage,
                "\(share) of \(Numerals.count(total)) scores are \(commonest.key): \(JudgeAlarms.collapsed)"
            )
        }
    }

    /// Preference training that made even the chosen responses less likely than the reference finds them.
    var likelihood: [StoryWarning] {
        story.curves.compactMap { curve in
            guard let rewards = curve.metrics["rewards/chosen"], let first = rewards.first else { return nil }
            let end = TrainingCurves.lastTenth(rewards)
            guard end < first.value, rewards.count > 1 else { return nil }
            return warning(
                .likelihood, curve.stage,
                "the chosen responses became less likely: rewards/chosen went from \(Numerals.value(first.value)) to "
                    + "\(Numerals.value(end)) in the last tenth of the steps")
        }
    }

    /// Responses that become longer from model to model, and judges that choose the longer one.
    var length: [StoryWarning] {
        let line = Set(story.mainLine)
        let growth = [true, false].flatMap { isTraining -> [StoryWarning] in
            let written = story.lengths.filter { lengths in
                lengths.isTrainingData == isTraining && lengths.writer.map(line.contains) == true
            }.sorted { ($0.writer ?? 0) < ($1.writer ?? 0) }
            return zip(written, written.dropFirst()).compactMap { before, after in
                guard before.writer != after.writer, after.mean > before.mean * Self.largestGrowth else { return nil }
                return warning(
                    .length, after.stage,
                    "responses have \(Numerals.value(after.mean)) tokens on average, against "
                        + "\(Numerals.value(before.mean)) in \(before.stage)")
            }
        }
        return growth + chosenLonger
    }

    private var chosenLonger: [StoryWarning] {
        zip(story.stages, summaries).compactMap { stage, summary in
            guard let share = summary["chosen_longer"]?.doubleValue, let pairs = summary["pairs"]?.integerValue,
                pairs >= JudgeAlarms.fewestVerdicts, share > Self.largestLongerShare
            else { return nil }
            return warning(
                .length, stage.name,
                "the chosen response is the longer one in \(Numerals.percent(share, of: 1)) of "
                    + "\(Numerals.count(Int(pairs))) pairs")
        }
    }

    var parsing: [StoryWarning] {
        story.scores.compactMap { scores in
            guard Double(scores.parsed) < Self.smallestParseRate * Double(scores.verdicts) else { return nil }
            let share = Numerals.percent(Double(scores.parsed), of: Double(scores.verdicts))
            let isExpected = !scores.counts.isEmpty && scores.counts.values.reduce(0, +) > scores.parsed
            return warning(
                .parsing, scores.stage,
                "\(share) of \(Numerals.count(scores.verdicts)) verdicts state a score"
                    + (isExpected ? "; the others count with the expectation over the digits" : ""))
        }
    }

    /// Data that is too little, or was cut off.
    var data: [StoryWarning] {
        let cut = story.lengths.compactMap { lengths -> StoryWarning? in
            guard lengths.cutOff * 2 > lengths.count else { return nil }
            let share = Numerals.percent(Double(lengths.cutOff), of: Double(lengths.count))
            return warning(
                .data, lengths.stage,
                """
                \(share) of \(Numerals.count(lengths.count)) responses end at the limit of tokens, not where \
                the model would end
                """
            )
        }
        var seen: Set<String> = []
        let few = story.measurements.compactMap { measurement -> StoryWarning? in
            guard measurement.lower != nil, measurement.count < Self.fewestItems,
                seen.insert(measurement.stage).inserted
            else { return nil }
            return warning(
                .data, measurement.stage,
                "rests on few items (\(measurement.name): \(Numerals.count(measurement.count))): its intervals are wide, and "
                    + "rough themselves")
        }
        return cut + few
    }

    private func warning(_ subject: StoryWarning.Subject, _ stage: String, _ text: String) -> StoryWarning {
        StoryWarning(subject: subject, stage: stage, text: text)
    }
}

extension TrainingCurves {
    /// The mean over the last tenth of the steps, one at least.
    static func lastTenth(_ points: [CurvePoint]) -> Double {
        let tail = points.suffix(max(1, points.count / 10))
        return tail.reduce(0) { $0 + $1.value } / Double(max(1, tail.count))
    }
}
