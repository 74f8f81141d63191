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
        // OpenBLAS is opened at run time, after its kernel choice is made: see the header.
        .target(name: "COpenBLAS"),
        // Hot loops that need run-time CPU dispatch; each has a Swift oracle in the tests.
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),

        .target(
            name: "Artifacts",
            dependencies: [
                "CZstd",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: features),
        .target(name: "Model", dependencies: ["CKernels", "COpenBLAS"], swiftSettings: features),
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

        // Measurements, not products: Benchmarks/store and Benchmarks/model run them.
        .executableTarget(
            name: "StoreBenchmark", dependencies: ["Artifacts"], path: "Benchmarks/StoreBenchmark",
            swiftSettings: features),
        .executableTarget(
            name: "ModelBenchmark", dependencies: ["CKernels", "COpenBLAS", "Model"],
            path: "Benchmarks/ModelBenchmark", swiftSettings: features),

        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: features),
        .testTarget(name: "ArtifactsTests", dependencies: ["Artifacts", "TestSupport"], swiftSettings: features),
        .testTarget(name: "ModelTests", dependencies: ["CKernels", "Model", "TestSupport"], swiftSettings: features),
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
