internal import ArgumentParser
internal import Foundation
internal import Pipeline
internal import Stages

/// What is laid over a pipeline file.
struct OverlayOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("overlay")],
        help: ArgumentHelp(
            "Lay a file over the pipeline file, such as a profile; the last one wins.", valueName: "yaml"))
    var overlays: [String] = []

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a parameter: --set m2.model.beta=0.2, or --set seed=7.", valueName: "stage.parameter=value"))
    var settings: [String] = []

    /// The file with everything it includes, checked.
    func load(_ file: String) throws -> PipelinePlan {
        try PlanLoader(registry: StandardStages.registry).load(file, overlays: overlays, settings: settings)
    }
}
