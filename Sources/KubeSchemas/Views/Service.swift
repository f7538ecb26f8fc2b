package import APIMachinery
package import JSONCore

/// core/v1 Service.
package struct Service: KubeView {
    package var object: KubeObject
    package init(_ object: KubeObject) { self.object = object }
    package static let kind = GroupVersionKind.core("Service")
    package static let resource = GroupVersionResource.core("services")

    /// What is wanted.
    package var spec: ServiceSpec { part("spec") }
}

/// core/v1 ServiceSpec.
package struct ServiceSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    package var type: String { text("type") ?? "ClusterIP" }
    /// Its address; `None` when headless, empty before one is given.
    package var clusterIP: String { text("clusterIP") ?? "" }
    /// Further addresses of nodes.
    package var externalIPs: [String] { texts("externalIPs") }
    /// The name that it stands for.
    package var externalName: String { text("externalName") ?? "" }
    /// Labels of its pods; empty for none.
    package var selector: [String: String] { textMap("selector") }
    /// Its ports.
    package var ports: [ServicePort] { parts("ports") }
    /// Whether pods that are not ready are listed too.
    package var publishNotReadyAddresses: Bool { flag("publishNotReadyAddresses") ?? false }
}

/// core/v1 ServicePort.
package struct ServicePort: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// May be empty when it is the only one.
    package var name: String { text("name") ?? "" }
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String { text("protocol") ?? "TCP" }
    /// The service's port.
    package var port: Int64 { integer("port") ?? 0 }
    /// The pods' port: a number, or the name of a container port.
    package var targetPort: JSONValue { value["targetPort"] ?? .integer(port) }
    /// The port on every node; 0 for none.
    package var nodePort: Int64 { integer("nodePort") ?? 0 }
    /// The protocol above TCP, if announced.
    package var appProtocol: String? { text("appProtocol") }
}
