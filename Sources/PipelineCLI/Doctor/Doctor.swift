internal import Artifacts
internal import Foundation
internal import Model

/// Looks at everything outside the program that a run depends on.
struct Doctor {
    var storeOptions: StoreOptions
    var threads: Int

    func examine() -> Diagnosis {
        var diagnosis = Diagnosis()
        examineMachine(&diagnosis)
        examineArithmetic(&diagnosis)
        examineLibraries(&diagnosis)
        examineStore(&diagnosis)
        return diagnosis
    }

    private func examineMachine(_ diagnosis: inout Diagnosis) {
        let machine = Machine.current()
        diagnosis.add("machine", "processor", .string(machine.processor), machine.processor)
        diagnosis.add(
            "machine", "vector_features", .array(machine.vectorFeatures.map { .string($0) }),
            machine.vectorFeatures.joined(separator: " "))
        diagnosis.add("machine", "cores", .integer(Int64(machine.cores)), "\(machine.cores), \(threads) used")
        // A 135M model in training: weights, their packed copies, gradients, two moments, activations and logits.
        let needed = 5_000_000_000
        let memory = machine.memory ?? 0
        diagnosis.add(
            "machine", "memory", .integer(Int64(memory)),
            Quantities.bytes(memory) + (machine.availableMemory.map { ", \(Quantities.bytes($0)) free" } ?? ""),
            weight: memory >= needed ? .fine : .warning,
            remedy: memory >= needed ? nil : "training the demo model takes about \(Quantities.bytes(needed))")
    }

    private func examineArithmetic(_ diagnosis: inout Diagnosis) {
        let probe = ArithmeticProbe.measure(threads: threads)
        for rate in probe.rates {
            diagnosis.add(
                "arithmetic", rate.name, .number(rate.gigaflops),
                "\(Quantities.fixed(rate.gigaflops, digits: 0)) GFLOP/s on "
                    + "\(Quantities.count(probe.threads, "thread")), \(ArithmeticProbe.rows) × "
                    + "\(ArithmeticProbe.inFeatures) × \(ArithmeticProbe.outFeatures), \(rate.kernels)",
                weight: rate.remedy == nil ? .fine : .warning, remedy: rate.remedy)
        }
    }

    private func examineLibraries(_ diagnosis: inout Diagnosis) {
        for (name, version) in [("sqlite", LinkedLibrary.sqlite), ("zstd", LinkedLibrary.zstd)] {
            diagnosis.add(
                "libraries", name, version.map { .string($0) } ?? .null, version ?? "not loaded",
                weight: version == nil ? .warning : .fine)
        }
    }

    private func examineStore(_ diagnosis: inout Diagnosis) {
        do {
            let artifacts = try storeOptions.open().artifacts()
            diagnosis.add(
                "store", "state", "present",
                "'\(storeOptions.path)' with \(Quantities.count(artifacts.count, "artifact"))")
        } catch ArtifactError.storeMissing {
            diagnosis.add(
                "store", "state", "missing", "none yet at '\(storeOptions.path)'; the first run makes it")
        } catch {
            diagnosis.add("store", "state", "unusable", "\(error)", weight: .problem)
            diagnosis.fail(with: .store)
        }
        guard let disk = DiskProbe.probe(storeOptions.url.path) else { return }
        diagnosis.add(
            "store", "writable", .bool(disk.isWritable), disk.isWritable ? "yes" : "no",
            weight: disk.isWritable ? .fine : .problem,
            remedy: disk.isWritable ? nil : "name another one with --store")
        if !disk.isWritable { diagnosis.fail(with: .store) }
        diagnosis.add(
            "store", "file_system", .string(disk.fileSystem), disk.fileSystem,
            weight: disk.isNetwork ? .warning : .fine,
            remedy: disk.isNetwork ? "use a store from one machine only: locks may not reach others" : nil)
        // The whole loop on the demo model leaves some checkpoints of half a gigabyte.
        let needed = 5_000_000_000
        diagnosis.add(
            "store", "free_space", .integer(Int64(disk.free)), Quantities.bytes(disk.free),
            weight: disk.free >= needed ? .fine : .warning,
            remedy: disk.free >= needed
                ? nil : "the whole loop on the demo model takes about \(Quantities.bytes(needed))")
    }
}
