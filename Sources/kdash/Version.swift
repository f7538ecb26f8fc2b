import KubeSchemas

/// What this program calls itself, and which Kubernetes it speaks.
enum Version {
    /// The program's own version; semantic versioning.
    static let number = "0.1.0"
    /// One line for people.
    static let text = "kdash \(number) (Kubernetes \(KubernetesVersion.text))"
}
