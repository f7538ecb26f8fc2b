/// The Kubernetes version whose API kdash speaks. Clients compare its minor number with their own.
package enum KubernetesVersion {
    package static let major = "1"
    package static let minor = "36"

    /// As nodes and documents give it.
    package static let text = "v\(major).\(minor).2"
}
