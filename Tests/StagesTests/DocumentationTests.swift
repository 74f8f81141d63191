import Foundation
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
}
