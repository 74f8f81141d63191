// swift-tools-version: 6.2
import PackageDescription

/// Language features switched on everywhere: existentials are spelled `any`, imports are internal
/// unless said otherwise, and a member is visible only where its module is imported.
let features: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Set by `make sanitize`: the model and its tests alone.
let isSanitized = Context.environment["SANITIZED"] != nil

/// What the compiler of Swift does not pass on: checks for undefined behaviour. The loader chooses between instruction
/// sets before the thread sanitizer is ready to be told which functions are entered, so it is not told.
let sanitizedFlags = [
    "-O1", "-gline-tables-only", "-fsanitize=undefined", "-fno-sanitize-recover=undefined", "-mllvm",
    "-tsan-instrument-func-entry-exit=0",
]

/// How the kernels are compiled, wherever they are.
let kernelFlags = ["-fno-math-errno"] + (isSanitized ? sanitizedFlags : ["-O3"])

/// The kernels once more, for one instruction set: see Tests/CKernelPaths. `asksCPU` leaves them the choice of what
/// goes beyond it.
func kernelPath(_ name: String, instructions: String?, asksCPU: Bool = false) -> Target {
    var settings: [CSetting] = [
        .define("PATH_PREFIX", to: "\"\(name.lowercased())\""),
        .headerSearchPath("kernels"), .headerSearchPath("kernels/include"),
        .unsafeFlags(kernelFlags + ["-include", "\(Context.packageDirectory)/Tests/CKernelPaths/path.h"]),
    ]
    if let instructions { settings.append(.define("PATH_TARGET", to: "\"arch=\(instructions)\"")) }
    if asksCPU { settings.append(.define("PATH_ASKS_CPU")) }
    return .target(
        name: "CKernels\(name)", path: "Tests/CKernelPaths/\(name)", publicHeadersPath: ".", cSettings: settings)
}

let package = Package(
    name: "pipeline",
    products: [
        .executable(name: "pipeline", targets: ["PipelineCLI"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // C libraries from the system, each reached through one Swift overlay file.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // Hot loops that need run-time CPU dispatch; each has a Swift oracle in the tests.
        .target(name: "CKernels", cSettings: [.unsafeFlags(kernelFlags)]),

        .target(
            name: "Artifacts",
            dependencies: [
                "CZstd",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: features),
        .target(name: "Model", dependencies: ["CKernels"], swiftSettings: features),
        .target(
            name: "Pipeline",
            dependencies: ["Artifacts", .product(name: "Yams", package: "Yams")],
            swiftSettings: features),
        .target(
            name: "Stages",
            dependencies: ["Artifacts", "CZlib", "CZstd", "Model", "Pipeline"],
            swiftSettings: features),
        .executableTarget(
            name: "PipelineCLI",
            dependencies: [
                "Artifacts", "Model", "Pipeline", "Stages",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: features),

        // Measurements, not products: Benchmarks/store, Benchmarks/novelty and Benchmarks/model run them. OpenBLAS is what
        // products are measured against; it is opened at run time, after its kernel choice is made: see the header.
        .target(name: "COpenBLAS", path: "Benchmarks/COpenBLAS"),
        .executableTarget(
            name: "StoreBenchmark", dependencies: ["Artifacts"], path: "Benchmarks/StoreBenchmark",
            swiftSettings: features),
        .executableTarget(
            name: "ModelBenchmark", dependencies: ["CKernels", "COpenBLAS", "Model"],
            path: "Benchmarks/ModelBenchmark", swiftSettings: features),
        .executableTarget(
            name: "NoveltyBenchmark", dependencies: ["Model", "Stages"], path: "Benchmarks/NoveltyBenchmark",
            swiftSettings: features),

        kernelPath("AVX512", instructions: "x86-64-v4", asksCPU: true),
        kernelPath("AVX2", instructions: "x86-64-v3"),
        kernelPath("Plain", instructions: nil),
        .target(
            name: "CKernelPaths", dependencies: ["CKernels", "CKernelsAVX512", "CKernelsAVX2", "CKernelsPlain"],
            path: "Tests/CKernelPaths", exclude: ["AVX512", "AVX2", "Plain"]),

        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: features),
        .testTarget(name: "ArtifactsTests", dependencies: ["Artifacts", "TestSupport"], swiftSettings: features),
        .testTarget(
            name: "ModelTests", dependencies: ["CKernelPaths", "CKernels", "Model", "TestSupport"],
            swiftSettings: features),
        .testTarget(
            name: "PipelineTests", dependencies: ["Artifacts", "Pipeline", "TestSupport"], swiftSettings: features),
        .testTarget(
            name: "StagesTests",
            dependencies: ["Artifacts", "Model", "Pipeline", "Stages", "TestSupport"],
            swiftSettings: features),
        .testTarget(name: "CLITests", dependencies: ["PipelineCLI", "TestSupport"], swiftSettings: features),
    ],
    cLanguageStandard: .gnu17
)

if isSanitized {
    // The packages stay listed, so that what was resolved for the others is not forgotten.
    let kept = ["CKernel", "Model", "TestSupport"]
    package.targets.removeAll { target in
        !kept.contains { target.name.hasPrefix($0) } || target.name == "ModelBenchmark"
    }
    package.products = []
}
