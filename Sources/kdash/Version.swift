/// What this program calls itself, and which Kubernetes it speaks.
enum Version {
    /// The program's own version; semantic versioning.
    static let number = "0.1.0"
    /// The Kubernetes version that clients are told; they compare its minor number with their own.
    static let kubernetes = "v1.36.2"
    /// One line for people.
    static let text = "kdash \(number) (Kubernetes \(kubernetes))"
}
