internal import Artifacts

/// Items from an evaluation's requests: `{request: {context, continuation}, doc, doc_id, idx}`, a row a choice. Their
/// prompts are scored as they are, shots included.
struct BenchmarkRequests {
    /// The requests of one document.
    private struct Document {
        let first: RowReader
        let context: String
        var continuations: [Int: String] = [:]
    }

    private let task: BenchmarkTask
    private var documents: [Document] = []
    private var places: [Int: Int] = [:]

    init(_ task: BenchmarkTask) { self.task = task }

    mutating func add(_ row: RowReader) throws {
        if let name = try row.optionalString("task_name"), let named = BenchmarkTask(requestName: name), named != task
        {
            throw row.failure("is a request of '\(name)'; set 'task: \(named.rawValue)', or give another file")
        }
        guard let number = try row.optionalInteger("doc_id") else { throw row.failure("'doc_id' is missing") }
        if number >= BenchmarkFileReader.unconditionedDocument { return }
        let request = row.inner(row.value["request"] ?? .null)
        let context = try request.string("context")
        let place = places[number] ?? documents.count
        if place == documents.count {
            places[number] = place
            documents.append(Document(first: row, context: context))
        }
        guard documents[place].context.utf8.elementsEqual(context.utf8) else {
            throw row.failure("document \(number) has another context than at line \(documents[place].first.line)")
        }
        guard !task.isGenerated else { return }
        let choice = try row.optionalInteger("idx") ?? documents[place].continuations.count
        let continuation = try request.string("continuation")
        guard !continuation.isEmpty else { throw row.failure("'continuation' is empty") }
        guard documents[place].continuations.updateValue(continuation, forKey: choice) == nil else {
            throw row.failure("document \(number) has choice \(choice) twice")
        }
    }

    func items() throws -> [BenchmarkItem] { try documents.map(item) }

    private func item(_ document: Document) throws -> BenchmarkItem {
        let row = document.first
        let source = row.inner(row.value["doc"] ?? .null)
        let target: BenchmarkItem.Target
        switch task {
        case .gsm8k: target = .text(accepted: [try source.mathAnswer(source.string("answer"))])
        case .nq: target = .text(accepted: try source.acceptedAnswers())
        default:
            let choices = document.continuations.sorted { $0.key < $1.key }
            guard choices.enumerated().allSatisfy({ $0.offset == $0.element.key }), choices.count >= 2 else {
                throw row.failure(
                    "its document has the choices \(choices.map { "\($0.key)" }.joined(separator: ", ")); "
                        + "give all of them, counted from 0")
            }
            guard let gold = try source.optionalInteger("gold") ?? row.optionalInteger("label"),
                choices.indices.contains(gold)
            else { throw row.failure("'gold' must be the number of one of the \(choices.count) choices, from 0") }
            target = .choice(of: choices.map { BenchmarkItem.Choice(continuation: $0.value) }, gold: gold)
        }
        return BenchmarkItem(
            task: task, nativeID: row.nativeID(), query: document.context, isWholePrompt: true, target: target,
            solution: "", stopStrings: try stopStrings(row))
    }

    /// The request's own; nil where it names none.
    private func stopStrings(_ row: RowReader) throws -> [String]? {
        guard task.isGenerated, let stops = row.value["request"]?["stop_sequences"], stops != .null else {
            return nil
        }
        guard let texts = stops.arrayValue?.map(\.stringValue), !texts.contains(nil), !texts.contains("") else {
            throw row.failure("'stop_sequences' must be a list of texts that are not empty")
        }
        return texts.compactMap(\.self)
    }
}
