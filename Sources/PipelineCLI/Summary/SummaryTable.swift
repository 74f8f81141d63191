internal import Artifacts
internal import Pipeline
struct StageFigures { init(_ r: StageReport) {} }
struct SummaryTable { init(_ f: [StageFigures]) {}; var rows: [String] = []; var lines: [String] = [] }
