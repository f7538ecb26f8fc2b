internal import JSONCore

/// The Kubernetes version kdash speaks.
enum KubernetesVersion {
    static let major = "1"
    static let minor = "33"

    /// The document of `/version`. Source: apimachinery `pkg/version/types.go`.
    static func document(program: String, commit: String) -> JSONValue {
        [
            "major": .string(major), "minor": .string(minor), "gitVersion": .string("v\(major).\(minor).0+kdash-\(program)"),
            "gitCommit": .string(commit), "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none",
            "compiler": "swift", "platform": .string("linux/\(architecture)"),
        ]
    }

    #if arch(arm64)
        private static let architecture = "arm64"
    #else
        private static let architecture = "amd64"
    #endif
}
