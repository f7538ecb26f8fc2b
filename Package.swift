// swift-tools-version: 6.2
import PackageDescription

// Targets in import order: a target may only depend on targets above it (docs/architecture.md).
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK: Target.Dependency = .product(name: "NIOHPACK", package: "swift-nio-http2")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

// These explain themselves in a README.md, the others in a comment of a source file.
let described: Set = [
    "APIMachinery", "APIServer", "ClusterOperations", "ContainerRuntime", "Controllers", "KubeSchemas", "NodeAgent", "OCIRuntime", "Scheduler",
    "SimulatedNodes", "TerminalUI",
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, exclude: described.contains(name) ? ["README.md"] : [], swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies, swiftSettings: settings)
}

let package = Package(
    name: "kdash",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .target(
            name: "CLinux",
            cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-std=gnu17"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1"),
        .target(
            name: "CNcurses",
            cSettings: [.define("_XOPEN_SOURCE_EXTENDED"), .define("_GNU_SOURCE"), .unsafeFlags(["-Wall", "-Wextra", "-Werror", "-std=gnu23"])],
            linkerSettings: [.linkedLibrary("ncursesw"), .linkedLibrary("tinfo")]),
        .target(name: "CDeflate", linkerSettings: [.linkedLibrary("deflate"), .linkedLibrary("zstd")]),
        .target(
            name: "CSchemas",
            exclude: ["schemas"],
            cSettings: [.unsafeFlags(["-std=gnu23"])]),
        library("JSONCore", ["CYAML"]),
        library("LinuxKernel", ["CLinux"]),
        library("APIMachinery", ["JSONCore", "LinuxKernel"]),
        library("KubeSchemas", ["APIMachinery", "JSONCore", "LinuxKernel", "CSchemas"]),
        library("ObjectStore", ["CSQLite", "LinuxKernel"]),
        library("KubeClient", ["APIMachinery", "JSONCore", "LinuxKernel", "CDeflate", logging]),
        library("KubeClientHTTP", ["KubeClient", "APIMachinery", "JSONCore", "LinuxKernel", nio, nioPosix, nioHTTP1, nioWebSocket, nioSSL]),
        library(
            "APIServer",
            [
                "ObjectStore", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", "CDeflate",
                nio, nioPosix, nioHTTP1, nioHTTP2, nioHPACK, nioWebSocket, nioSSL, x509, asn1, crypto, logging,
            ]),
        library("Scheduler", ["KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", logging]),
        library("Controllers", ["KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", logging]),
        library("SimulatedNodes", ["KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", logging]),
        library("ContainerImages", ["JSONCore", "LinuxKernel", "CLinux", "CDeflate", crypto, logging]),
        library("ContainerRuntime", ["JSONCore", "LinuxKernel", "CLinux", logging]),
        library("OCIRuntime", ["ContainerRuntime", "JSONCore", "LinuxKernel", "CLinux"]),
        library("PodNetwork", ["APIMachinery", "JSONCore", "LinuxKernel", logging]),
        library(
            "NodeAgent",
            [
                "ContainerRuntime", "ContainerImages", "PodNetwork", "KubeClient", "KubeSchemas", "APIMachinery",
                "JSONCore", "LinuxKernel", "CLinux", nio, nioPosix, nioHTTP1, nioSSL, logging,
            ]),
        library("ClusterOperations", ["KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", "CDeflate"]),
        library("ViewModels", ["ClusterOperations", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", "CLinux", logging]),
        library("TerminalUI", ["ViewModels", "CNcurses", "JSONCore", "LinuxKernel", "CLinux", logging]),
        .executableTarget(
            name: "kdash",
            dependencies: [
                "TerminalUI", "ViewModels", "NodeAgent", "PodNetwork", "OCIRuntime", "ContainerRuntime", "ContainerImages",
                "Controllers", "Scheduler", "SimulatedNodes", "APIServer", "KubeClientHTTP", "KubeClient", "ObjectStore", "KubeSchemas",
                "APIMachinery", "LinuxKernel", "JSONCore", "CLinux", arguments, logging,
            ],
            swiftSettings: settings),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        tests("JSONCore", []),
        tests("LinuxKernel", []),
        tests("APIMachinery", ["JSONCore", "LinuxKernel"]),
        tests("KubeSchemas", ["APIMachinery", "JSONCore", "LinuxKernel"]),
        tests("ObjectStore", ["LinuxKernel"]),
        tests("KubeClient", ["APIMachinery", "JSONCore", "LinuxKernel"]),
        tests("KubeClientHTTP", ["KubeClient", "APIMachinery", "JSONCore", "LinuxKernel", nio, nioPosix, nioHTTP1, nioWebSocket, nioSSL]),
        tests(
            "APIServer",
            [
                "ObjectStore", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", nio, nioPosix, nioHTTP2, nioHPACK, nioSSL, logging,
            ]),
        tests("Scheduler", ["LinuxKernel", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore"]),
        tests("Controllers", ["LinuxKernel", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore"]),
        tests(
            "SimulatedNodes",
            ["APIServer", "ObjectStore", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", logging]),
        tests("ContainerImages", ["JSONCore", "LinuxKernel", "CLinux", "CDeflate"]),
        tests("ContainerRuntime", ["LinuxKernel", "CLinux", "JSONCore"]),
        tests("OCIRuntime", ["ContainerRuntime", "LinuxKernel", "CLinux", "JSONCore"]),
        tests("PodNetwork", ["APIMachinery", "JSONCore", "LinuxKernel"]),
        tests(
            "NodeAgent",
            ["ContainerRuntime", "ContainerImages", "PodNetwork", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", logging]),
        tests(
            "ClusterOperations",
            ["APIServer", "ObjectStore", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore", "LinuxKernel", "CDeflate", logging]),
        tests("ViewModels", ["TerminalUI", "ClusterOperations", "LinuxKernel", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore"]),
        tests("TerminalUI", ["ViewModels", "ClusterOperations", "APIMachinery", "JSONCore", "LinuxKernel"]),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "TestSupport", "TerminalUI", "ViewModels", "APIServer", "PodNetwork", "ObjectStore", "KubeClient", "KubeSchemas", "APIMachinery", "JSONCore",
                "LinuxKernel", nio, nioPosix, nioSSL, nioWebSocket, .product(name: "NIOEmbedded", package: "swift-nio"), crypto, logging,
            ],
            exclude: ["Corpus"],
            swiftSettings: settings),
    ]
)
