package import APIMachinery
internal import JSONCore
package import LinuxKernel

/// A pod as policies see it: where it is, what selects it, and which of its ports have names.
package struct PolicyPod: Sendable, Hashable {
    /// A port that a container gives a name.
    package struct NamedPort: Sendable, Hashable {
        package let name: String
        package let transport: ServicePort.TransportProtocol
        package let number: UInt16

        package init(name: String, transport: ServicePort.TransportProtocol, number: UInt16) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    package let namespace: String
    package let name: String
    package let labels: [String: String]
    package let address: IPv4Address
    package let ports: [NamedPort]
    /// Whether policies may isolate it; a service of the cluster itself is only somebody's peer.
    package let isSelectable: Bool

    package init(
        namespace: String, name: String, labels: [String: String], address: IPv4Address, ports: [NamedPort] = [], isSelectable: Bool = true
    ) {
        self.namespace = namespace
        self.name = name
        self.labels = labels
        self.address = address
        self.ports = ports
        self.isSelectable = isSelectable
    }

    /// A pod with an address of its own; nil for one that has ended or is on its node's network, which no policy selects.
    /// - Parameter address: the one the node gave it; nil for what the pod's status says.
    package init?(_ pod: KubeObject, address: IPv4Address? = nil) {
        let phase = pod.string("status", "phase")
        guard phase != "Succeeded", phase != "Failed", pod.bool("spec", "hostNetwork") != true,
            let address = address ?? pod.string("status", "podIP").flatMap({ IPv4Address($0) })
        else { return nil }
        let containers = pod.array("spec", "containers") + pod.array("spec", "initContainers").filter { $0["restartPolicy"]?.stringValue == "Always" }
        let ports = containers.flatMap { $0["ports"]?.arrayValue ?? [] }.compactMap { port -> NamedPort? in
            guard let name = port["name"]?.stringValue, let transport = ServicePort.TransportProtocol(named: port["protocol"]?.stringValue),
                let number = port["containerPort"]?.integerValue.flatMap({ UInt16(exactly: $0) })
            else { return nil }
            return NamedPort(name: name, transport: transport, number: number)
        }
        self.init(namespace: pod.namespace ?? "", name: pod.name, labels: pod.labels, address: address, ports: ports)
    }
}
