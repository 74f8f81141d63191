extension StoreLayout {
    /// A file of a run that is not what it should be.
    struct RunFault {
        let kind: StoreProblem.Kind
        let path: String
        let reason: String
    }

    /// What is wrong with the files of runs. One that is not there is none: the run may have died before it.
    func runFaults() throws -> [RunFault] {
        try Folder.names(in: runs).flatMap { run in
            let folder = "\(runs)/\(run)"
            let values = ["plan.json", "command.json", "summary.json"].map { name in
                fault(of: "\(folder)/\(name)") { bytes in
                    guard case .object = try CanonicalJSON.parse(bytes) else { return "it is no JSON object" }
                    return nil
                }
            }
            let hasEnded = try FileStatus(path: "\(folder)/summary.json") != nil
            let events = fault(of: "\(folder)/events.jsonl") { try Self.fault(ofEvents: $0, hasEnded: hasEnded) }
            return (values + [events]).compactMap(\.self)
        }
    }

    private func fault(of path: String, _ check: ([UInt8]) throws -> String?) -> RunFault? {
        do {
            guard try FileStatus(path: path) != nil else { return nil }
            return try check(ReadableFile.contents(of: path)).map { RunFault(kind: .damaged, path: path, reason: $0) }
        } catch ArtifactError.malformedJSON(let problem, let offset) {
            return RunFault(kind: .damaged, path: path, reason: "malformed JSON at byte \(offset): \(problem)")
        } catch {
            return RunFault(kind: .unreadable, path: path, reason: "\(error)")
        }
    }

    /// The last event of a run without an end was being written when it died, and need not be whole.
    private static func fault(ofEvents bytes: [UInt8], hasEnded: Bool) throws -> String? {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let rest = lines.popLast() ?? []
        if hasEnded, !rest.isEmpty { return "its last line has no end" }
        for (number, line) in lines.enumerated() {
            do {
                guard case .object = try CanonicalJSON.parse(line) else {
                    return "line \(number + 1) is no JSON object"
                }
            } catch ArtifactError.malformedJSON(let problem, let offset) {
                return "line \(number + 1) is malformed JSON at byte \(offset): \(problem)"
            }
        }
        return nil
    }
}
