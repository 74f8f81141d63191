internal import Foundation
internal import Model

/// What the computer is, as Linux tells.
struct Machine {
    var processor: String
    /// Vector instructions that numerical kernels look for, in the order in which they came into being.
    var vectorFeatures: [String]
    var cores: Int
    /// Bytes; nil where the system does not say.
    var memory: Int?
    var availableMemory: Int?

    private static let interesting = [
        "sse4_2", "avx", "fma", "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd", "sve", "bf16",
    ]

    static func current() -> Machine {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let present = Set(value("flags", in: information).split(separator: " ").map(String.init))
            .union(value("Features", in: information).split(separator: " ").map(String.init))
        let memory = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8)) ?? ""
        let total = kilobytes(value("MemTotal", in: memory))
        return Machine(
            processor: value("model name", in: information), vectorFeatures: interesting.filter(present.contains),
            cores: ProcessInfo.processInfo.activeProcessorCount,
            memory: [total, containerLimit()].compactMap { $0 }.min(),
            availableMemory: kilobytes(value("MemAvailable", in: memory)))
    }

    /// What floating-point results may depend on, as it is recorded beside every result. Names are those of records that
    /// exist, so they stay.
    var facts: [String: String] {
        ["processor": processor, "vectorFeatures": vectorFeatures.joined(separator: "+")]
    }

    /// The text behind the first `name :` in a file of such lines.
    private static func value(_ name: String, in text: String) -> String {
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            if line[..<colon].trimmingCharacters(in: .whitespaces) == name {
                return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return ""
    }

    private static func kilobytes(_ text: String) -> Int? {
        text.split(separator: " ").first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// What a container may use, where one is around us.
    private static func containerLimit() -> Int? {
        let text = try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8)
        return text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
