internal import JSONCore
internal import KubeSchemas

/// The document of `/version`. Source: apimachinery `pkg/version/types.go`.
enum VersionDocument {
    /// `program` and `commit` are kdash's own.
    static func make(program: String, commit: String) -> JSONValue {
        [
            "major": .string(KubernetesVersion.major), "minor": .string(KubernetesVersion.minor), "gitVersion": .string(gitVersion(program)),
            "gitCommit": .string(commit), "gitTreeState": "clean", "buildDate": "1970-01-01T00:00:00Z", "goVersion": "none",
            "compiler": "swift", "platform": .string("linux/\(architecture)"),
        ]
    }

    /// The version served, and by what.
    static func gitVersion(_ program: String) -> String { "\(KubernetesVersion.text)+kdash-\(program)" }

    #if arch(arm64)
        private static let architecture = "arm64"
    #else
        private static let architecture = "amd64"
    #endif
}
