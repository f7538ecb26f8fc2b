import APIMachinery
import JSONCore
package import LinuxKernel

/// The resource that a container asks for huge pages by: `hugepages-2Mi`.
package enum HugePageResource {
    package static let prefix = "hugepages-"

    /// The name for pages of a size.
    package static func name(_ pageSize: ByteCount) -> String { prefix + text(pageSize) }

    /// Whether a resource is huge pages, of whatever size its name ends in.
    package static func isName(_ name: String) -> Bool { name.hasPrefix(prefix) }

    /// The size that a resource's name ends in; nil for other resources, and for what is no size: a whole number of bytes above 0.
    package static func pageSize(_ name: String) -> ByteCount? {
        guard isName(name), let size = Quantity(decoded: .string(String(name.dropFirst(prefix.count)))), size.milliValue % 1000 == 0 else { return nil }
        return size.value > 0 ? ByteCount(size.value) : nil
    }

    /// An amount as a quantity of Kubernetes.
    package static func text(_ bytes: ByteCount) -> String { Quantity(value: bytes.value, format: .binary).canonical }
}
