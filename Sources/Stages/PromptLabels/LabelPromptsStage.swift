internal import Artifacts
package import Model
public import Pipeline

/// How a judge's answer becomes a label.
public enum Labelling: String, ParameterChoice {
    /// The label that the reply states.
    case stated
    /// The one that the judge would likeliest begin its reply with; nothing is written. It exists wherever the context has
    /// room for it, which helps a small judge.
    case likeliest
}

/// `label-prompts`: lets a judge say of each prompt what it is in some respects, by one rubric each: its category, its
/// complexity, the length that its response should have (paper §3.2.1, A.6).
package struct LabelPromptsStage: Stage {
    package struct Parameters: JudgingParameters {
        enum CodingKeys: String, CodingKey {
            case temperature, labelling, precision, weights
            case topP = "top_p", maxTokens = "max_tokens"
        }

        /// The paper's judge is GPT-4, and how it was asked is not said.
        package var temperature = 0.0
        package var topP = 1.0
        /// The longest reply, in tokens. The rubrics ask for the label alone.
        package var maxTokens = 32
        package var labelling = Labelling.stated
        /// Of matrix products' factors: see `Precision`. The paper does not say.
        package var precision = Precision.bfloat16
        /// Of the judge: see `WeightFormat`. The paper does not say.
        package var weights = WeightFormat.full

        package init() {}

        // Labels have no expectation.
        var scoring: JudgeScoring { .sampled }
    }

    package static let kind: StageKind = "label-prompts"
    package static let version = 1
    package static let usesSeed = true
    package static let numerics = ModelNumerics.current
    package static let weight = StageWeight.heavy
    package static let inputs = [
        // The judge.
        ServedModel.judgePort("model"),
        SampledPrompt.port("prompts"),
        Port("rubrics", schema: ArtifactReference.blobSchema, acceptsMany: true),
    ]
    package static let outputs = [Port("labels", schema: PromptLabel.schema.description)]

    private let parameters: Parameters
    private let settings: JudgeSettings

    package init(parameters: Parameters) throws {
        self.parameters = parameters
        settings = parameters.judge
        try settings.validate(for: Self.self)
    }

    package func run(inputs: StageInputs, context: StageContext) async throws -> StageOutputs {
        if parameters.labelling == .likeliest, let served = try inputs.servedModel("model") {
            throw StageError.server(
                url: served.url,
                problem:
                    "gives no probabilities of single tokens; set 'labelling: stated', or label with a model of the store"
            )
        }
        let templates = try templates(inputs)
        // A prompt that is there twice has one label.
        let prompts = try SampledPrompt.read("prompts", of: inputs).grouped(by: \.id).map { $0.elements[0] }
        // One rubric after the other, so that what its prompts share is read once.
        let items = templates.flatMap { template in prompts.map { LabelledItem(prompt: $0, template: template) } }
        var labels: [PromptLabel] = []
        if items.isEmpty {
            context.warn("no prompts to label; the labels are empty")
        } else {
            let writer = try context.replyWriter(inputs, settings: settings, replies: items.count)
            labels = try await context.shards("labels", of: PromptLabel.self, items: items.count) { range in
                try await label(Array(items[range]), writer, of: items.count)
            }
        }
        context.warnOfPromptsThatDoNotFit(labels.map(\.finish), unit: "labels")
        for template in templates where !labels.isEmpty && parameters.labelling == .stated {
            let aspect = template.form.aspect
            if labels.allSatisfy({ $0.aspect != aspect || $0.value == nil }) {
                context.warn(
                    "no reply of the judge names a '\(aspect)'; give another judge, or set 'labelling: likeliest'")
            }
        }
        return StageOutputs(
            ["labels": try context.write(labels, to: "labels")],
            summary: try summary(labels, templates, prompts: prompts.count)
                .reproducible(asFrom: "model", of: inputs))
    }

    private func templates(_ inputs: StageInputs) throws -> [LabelTemplate] {
        var templates: [LabelTemplate] = []
        for (text, name) in try inputs.texts("rubrics") {
            let template = try LabelTemplate(text, name: name)
            guard !templates.contains(where: { $0.form.aspect == template.form.aspect }) else {
                throw StageError.malformedTemplate(
                    name: name, problem: "another file has the aspect '\(template.form.aspect)' already; rename one")
            }
            templates.append(template)
        }
        return templates
    }

    private func label(
        _ items: [LabelledItem], _ writer: any ReplyWriter, of total: Int
    ) async throws -> [PromptLabel] {
        guard parameters.labelling == .likeliest else {
            let written = try await writer.replies(to: items.map(\.task), samples: 1, of: total).flatMap(\.self)
            return zip(items, written).map { $0.label($1, $0.template.form.parser.parse($1.text, finish: $1.finish)) }
        }
        let rows = try await writer.logProbabilities(of: items.map(\.alternatives))
        return zip(items, rows).map { item, row in
            // Of equally likely ones the first.
            let likeliest = row.flatMap { row in row.indices.max { (row[$0], $1) < (row[$1], $0) } }
            return item.label(
                WrittenReply(text: "", finish: likeliest == nil ? .doesNotFit : .stop),
                likeliest.map { .success($0) } ?? .failure(MarkParser.Unreadable(reason: .doesNotFit)))
        }
    }

    private func summary(_ labels: [PromptLabel], _ templates: [LabelTemplate], prompts: Int) -> JSONValue {
        let counts = templates.map { template -> (String, JSONValue) in
            let ofAspect = labels.filter { $0.aspect == template.form.aspect }
            let values = template.form.values.map { value in (value, ofAspect.count { $0.value == value }) }
            return (template.form.aspect, .counts(Dictionary(values, uniquingKeysWith: +)))
        }
        return .object([
            "prompts": .count(prompts), "labels": .object(Dictionary(counts) { first, _ in first }),
            "unparsable": .counts(
                labels.compactMap { $0.reason?.rawValue }.reduce(into: [:]) { $0[$1, default: 0] += 1 }),
        ])
    }
}

/// A prompt that is to have a label by a rubric.
private struct LabelledItem {
    let prompt: SampledPrompt
    let template: LabelTemplate

    var task: JudgeTask {
        JudgeTask(id: "\(template.form.aspect)/\(prompt.id)", text: template.render(instruction: prompt.text))
    }

    /// The replies among which the judge is to choose.
    var alternatives: AlternativeEndings {
        let form = template.form
        return AlternativeEndings(
            task: task, replies: form.values.map { "\(form.label): \($0)" }, mayBeginAlike: true)
    }

    func label(_ reply: WrittenReply, _ reading: Result<Int, MarkParser.Unreadable>) -> PromptLabel {
        func label(_ value: (String, Int)?, _ reason: UnparsableReason?) -> PromptLabel {
            PromptLabel(
                promptID: prompt.id, aspect: template.form.aspect, value: value, raw: reply.text,
                finish: reply.finish, reason: reason)
        }
        return switch reading {
        case .success(let position): label((template.form.values[position], position), nil)
        case .failure(let unreadable): label(nil, unreadable.reason)
        }
    }
}
