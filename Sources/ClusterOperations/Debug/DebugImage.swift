package import APIMachinery
import JSONCore

/// Which image is offered for looking around in a pod or on a node.
package enum DebugImage {
    /// The image that is offered where nothing is known of the node's own.
    package static let usual = "busybox:1.36"
    /// Names of images with a shell and tools, the best first.
    private static let known = ["busybox", "alpine", "debian", "ubuntu"]

    /// kdash's own, which is one program without a shell.
    private static let shellless = "kdash.dev/demo"

    /// An image that a node has already, one that is known to have tools before any other; nil when it tells of none.
    package static func present(on node: KubeObject) -> String? {
        let names = node.array("status", "images").compactMap { image in
            (image["names"]?.arrayValue ?? []).compactMap(\.stringValue).first { !$0.contains("@") }
        }.filter { !$0.hasPrefix(shellless) }
        return known.lazy.compactMap { word in names.first { $0.contains(word) } }.first ?? names.first
    }
}
