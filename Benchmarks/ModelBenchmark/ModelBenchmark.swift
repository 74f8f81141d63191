import Foundation
import Model

/// Measures what the model does, for `Benchmarks/model`: one workload a call, one line a repetition.
///
///     ModelBenchmark WORKLOAD MODEL.gguf [precision=bf16] [weights=full] [threads=2] [repetitions=5] [batch=64] …
///
/// A line is the workload's rate in units a second; all else goes to standard error.
@main
struct ModelBenchmark {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let workload = Workload(rawValue: arguments[1]) else {
            let names = Workload.allCases.map(\.rawValue).joined(separator: "|")
            note("usage: ModelBenchmark \(names) MODEL.gguf [name=value …]")
            exit(2)
        }
        let settings = Settings(arguments.dropFirst(3))
        var model = try PretrainedModel(gguf: URL(filePath: arguments[2]))
        if let shape = settings.shape(like: model.model.configuration) {
            model.model = try .random(configuration: shape, seed: 1)
        }
        try workload.run(model, settings)
    }
}

enum Workload: String, CaseIterable {
    /// A supervised step of `sequences` × `length` tokens, all of them targets: tokens a second.
    case sft
    /// A preference step of `pairs` pairs, each `shared` prompt tokens and twice `length` in all: the tokens of chosen
    /// and rejected sequences, prompts counted in both, a second.
    case dpo
    /// One prompt of `length` tokens: prompt tokens a second.
    case prefill
    /// `batch` sequences of `new` tokens after prompts of `prompt`, none shared: new tokens a second.
    case decode
    /// `verdicts` of `new` tokens on each of `responses`, after a rubric shared by all: new tokens a second, reading
    /// included.
    case judge
    /// `samples` answers of `new` tokens to each of `prompts`: new tokens a second, reading included.
    case sample
    /// No measurement of time: the log-probability of each token of `texts` texts of `length` tokens, but for the first ones,
    /// one a line. Beside that of another precision it tells what the arithmetic costs.
    case likelihood
    /// No measurement: the prompts of judging or sampling (`for=`), one a line as token ids, for the peers.
    case prompts

    func run(_ model: PretrainedModel, _ settings: Settings) throws {
        switch self {
        case .sft: try TrainingWorkload.supervised(model.model, settings)
        case .dpo: try TrainingWorkload.preference(model.model, settings)
        case .prefill: try GenerationWorkload.prefill(model, settings)
        case .decode: try GenerationWorkload.decode(model, settings)
        case .judge: try GenerationWorkload.judge(model, settings)
        case .sample: try GenerationWorkload.sample(model, settings)
        case .likelihood: try GenerationWorkload.likelihood(model, settings)
        case .prompts: try ProsePrompts.write(model.tokenizer, settings)
        }
    }
}

/// `name=value` arguments.
struct Settings {
    private var values: [String: String] = [:]

    init(_ arguments: some Sequence<String>) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { fatalError("'\(argument)' is not name=value") }
            values[parts[0]] = parts[1]
        }
    }

    /// Another shape than the file's, for sizes of which no file is at hand: where `hidden` is given, with `layers`,
    /// `heads`, `key-value-heads` and `intermediate`. Vocabulary, head size and the rest are the file's.
    func shape(like file: ModelConfiguration) -> ModelConfiguration? {
        if values["hidden"] == nil { return nil }
        var shape = file
        shape.hiddenSize = number("hidden", file.hiddenSize)
        shape.layerCount = number("layers", file.layerCount)
        shape.headCount = number("heads", file.headCount)
        shape.keyValueHeadCount = number("key-value-heads", file.keyValueHeadCount)
        shape.intermediateSize = number("intermediate", file.intermediateSize)
        return shape
    }

    func number(_ name: String, _ standard: Int) -> Int {
        guard let text = values[name] else { return standard }
        guard let number = Int(text), number > 0 else { fatalError("\(name) is '\(text)', not a number above 0") }
        return number
    }

    func text(_ name: String) -> String {
        guard let text = values[name] else { fatalError("\(name) is not given") }
        return text
    }

    var precision: Precision {
        guard let text = values["precision"] else { return .bfloat16 }
        guard let precision = Precision(rawValue: text) else { fatalError("no precision '\(text)'") }
        return precision
    }
    var weights: WeightFormat {
        guard let text = values["weights"] else { return .full }
        guard let weights = WeightFormat(rawValue: text) else { fatalError("no weights '\(text)'") }
        return weights
    }
    var pool: WorkerPool { WorkerPool(threads: number("threads", 2)) }
    var repetitions: Int { number("repetitions", 5) }
}

/// Prints units a second of `repetitions` calls, after one that warms up.
func measure(units: Int, repetitions: Int, warmUp: Bool = true, _ body: () throws -> Void) rethrows {
    if warmUp { try body() }
    for _ in 0..<repetitions {
        print(Double(units) / (try ContinuousClock().measure(body)).inSeconds)
    }
    notePeakMemory()
}

/// What is no rate: `Benchmarks/model` reads it by its first words.
func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

func notePeakMemory() { note("peak memory \(peakMemory() >> 20) MiB") }

extension Duration {
    var inSeconds: Double { self / .seconds(1) }
}

/// Bytes of the largest resident set so far.
func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
}
