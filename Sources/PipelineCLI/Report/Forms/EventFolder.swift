internal import Foundation

/// A run's trainings and measurements as TensorBoard shows them: a folder a model, tags as TRL's trainers write them.
struct EventFolder {
    var story: RunStory

    /// By the name of the folder.
    var files: [(folder: String, file: EventFile)] {
        let time = story.run.startedAt ?? 0
        return story.models.enumerated().compactMap { position, model in
            let curves = story.curves.filter { $0.model == position }
            let last = curves.flatMap { $0.metrics.values.compactMap { $0.last?.step } }.max() ?? 0
            let training = curves.flatMap { curve in
                curve.metrics.sorted { $0.key < $1.key }.flatMap { name, points in
                    points.map { EventFile.Scalar(tag: "train/" + name, step: $0.step, value: $0.value) }
                }
            }
            // One tag for all models, so that they are seen over each other; what a model has twice names its stage.
            var seen: Set<String> = []
            let measured = story.measurements.filter { $0.model == position }.compactMap { row -> EventFile.Scalar? in
                guard let value = row.value else { return nil }
                let tag = "eval/\(row.kind)/\(row.name)"
                return .init(
                    tag: seen.insert(tag).inserted ? tag : "\(tag)/\(row.stage)", step: last, value: value)
            }
            let scalars = training + measured
            guard !scalars.isEmpty else { return nil }
            return (Self.folderName(model.label), EventFile(time: time, scalars: scalars))
        }
    }

    /// - Parameter folder: an empty one.
    func write(in folder: URL) throws {
        for (name, file) in files {
            let place = folder.appending(path: name, directoryHint: .isDirectory)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            // TensorBoard knows its files by this part of their names.
            let stamp = Int(file.time)
            try Data(file.bytes).write(to: place.appending(path: "events.out.tfevents.\(stamp).pipeline"))
        }
    }

    /// Labels are names of stages, which have no slashes; a folder must not be hidden either.
    private static func folderName(_ label: String) -> String {
        let plain = label.replacing("/", with: "_")
        return plain.hasPrefix(".") ? "_" + plain.dropFirst() : plain
    }
}
