import Foundation
import Pipeline
import Stages
import TestSupport
import Testing

@Suite("Documentation")
struct DocumentationTests {
    /// What stands in backticks or as the target of a link and looks like a path of the repository.
    private func paths(in text: String) -> [String] {
        let roots = ["Sources/", "Tests/", "pipelines/", "docs/", "scripts/"]
        return text.split { "`()[] \n,;".contains($0) }.map(String.init)
            .filter { word in roots.contains { word.hasPrefix($0) } && !word.contains("*") && !word.contains("<") }
    }

    @Test(
        "every path that a page names is there",
        arguments: [
            "README.md", "CONTRIBUTING.md", "docs/paper-map.md", "docs/architecture.md", "docs/numerics.md",
            "docs/artifact-format.md", "docs/evaluation.md", "docs/instruction-following.md", "docs/benchmarks.md",
            "docs/data-distribution.md", "docs/seeds.md", "docs/report.md", "docs/mt-bench.md",
        ])
    func pathsExist(page: String) throws {
        let text = try String(contentsOf: SharedData.repository.appending(path: page), encoding: .utf8)
        for path in paths(in: text) {
            let file = SharedData.repository.appending(path: path)
            #expect(FileManager.default.fileExists(atPath: file.path), "\(page) names \(path)")
        }
        if page == "docs/paper-map.md" { #expect(paths(in: text).count > 40) }
    }

    @Test("the page about seeds has every stage that draws by the run's seed in its table, and no other")
    func seeds() throws {
        let page = SharedData.repository.appending(path: "docs/seeds.md")
        let lines = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n")
        let cells = lines.compactMap { $0.hasPrefix("| `") ? $0.split(separator: "|").first : nil }
        let named = cells.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: ["`", " "]) }
        let registry = StandardStages.registry
        #expect(named.sorted() == registry.kinds.filter { registry[$0]?.usesSeed == true }.map(\.rawValue))
    }
}
