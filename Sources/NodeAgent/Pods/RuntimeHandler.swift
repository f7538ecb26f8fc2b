import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// The way of running pods that a RuntimeClass names.
enum RuntimeHandler {
    /// What this node offers: plain containers, under the name that node configurations have for them everywhere.
    static let offered: Set<String> = ["runc"]

    /// Throws for a handler that the node does not offer. Source: containerd `internal/cri/config` GetSandboxRuntime.
    static func check(_ handler: String, of runtimeClass: String) throws(ConfigurationError) {
        guard !offered.contains(handler) else { return }
        throw ConfigurationError(
            "no runtime for \(handler.goQuoted) is configured, which RuntimeClass \(runtimeClass.goQuoted) asks for; this node runs \(offered.sorted().joined(separator: ", "))"
        )
    }
}

extension PodContext {
    private static let runtimeClasses = GroupVersionResource(group: "node.k8s.io", version: "v1", resource: "runtimeclasses")

    /// Throws unless the node runs pods in the way that the pod's RuntimeClass names.
    func checkRuntime(of pod: Pod) async throws {
        guard let name = pod.spec.value["runtimeClassName"]?.stringValue, !name.isEmpty else { return }
        let runtimeClass = try await client.get(Self.runtimeClasses, namespace: nil, name: name)
        try RuntimeHandler.check(runtimeClass.string("handler") ?? "", of: name)
    }
}
