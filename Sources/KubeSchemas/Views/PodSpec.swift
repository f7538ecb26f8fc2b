package import APIMachinery
package import JSONCore

/// core/v1 PodSpec.
package struct PodSpec: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// The containers, in order.
    package var containers: [Container] { parts("containers") }
    /// The containers that run before, in order.
    package var initContainers: [Container] { parts("initContainers") }
    /// Containers added to a running pod.
    package var ephemeralContainers: [Container] { parts("ephemeralContainers") }
    /// The volumes.
    package var volumes: [Volume] { parts("volumes") }
    /// The node that runs the pod; empty until it is scheduled.
    package var nodeName: String { text("nodeName") ?? "" }
    /// Labels that the node must carry.
    package var nodeSelector: [String: String] { textMap("nodeSelector") }
    /// Placement rules.
    package var affinity: Affinity { part("affinity") }
    /// Taints that the pod accepts.
    package var tolerations: [Toleration] { parts("tolerations") }
    /// Which scheduler places it. Default `default-scheduler`.
    package var schedulerName: String { text("schedulerName") ?? "default-scheduler" }
    /// Names of conditions that hold scheduling back.
    package var schedulingGates: [String] { value["schedulingGates"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? [] }
    /// `Always`, `OnFailure` or `Never`. Default Always.
    package var restartPolicy: String { text("restartPolicy") ?? "Always" }
    /// Seconds between SIGTERM and SIGKILL; 0 kills at once. Default 30.
    package var terminationGracePeriodSeconds: Int64 { integer("terminationGracePeriodSeconds") ?? 30 }
    /// Seconds after the start until the pod is failed; nil for no limit.
    package var activeDeadlineSeconds: Int64? { integer("activeDeadlineSeconds") }
    /// `ClusterFirst`, `ClusterFirstWithHostNet`, `Default` or `None`.
    package var dnsPolicy: String { text("dnsPolicy") ?? "ClusterFirst" }
    /// Extra resolver settings.
    package var dnsConfig: PodDNSConfig? { optionalPart("dnsConfig") }
    /// Extra lines of /etc/hosts: address and names.
    package var hostAliases: [HostAlias] { parts("hostAliases") }
    /// The identity of the pod's processes at the API server. Default `default`.
    package var serviceAccountName: String { text("serviceAccountName") ?? "" }
    /// Whether a token is mounted; nil leaves it to the service account.
    package var automountServiceAccountToken: Bool? { flag("automountServiceAccountToken") }
    /// Whether the pod uses the node's network.
    package var hostNetwork: Bool { flag("hostNetwork") ?? false }
    /// Whether the pod uses the node's process ids.
    package var hostPID: Bool { flag("hostPID") ?? false }
    /// Whether the pod uses the node's System V IPC.
    package var hostIPC: Bool { flag("hostIPC") ?? false }
    /// Whether the pod uses the node's user ids; nil means yes.
    package var hostUsers: Bool? { flag("hostUsers") }
    /// Whether the containers see each other's processes.
    package var shareProcessNamespace: Bool { flag("shareProcessNamespace") ?? false }
    /// Security settings of all containers.
    package var securityContext: PodSecurityContext { part("securityContext") }
    /// Host name inside; empty means the pod's name.
    package var hostname: String { text("hostname") ?? "" }
    /// Subdomain of the host name; empty for none.
    package var subdomain: String { text("subdomain") ?? "" }
    /// Whether the host name is the full one.
    package var setHostnameAsFQDN: Bool { flag("setHostnameAsFQDN") ?? false }
    /// Whether environment variables of services are given. Default true.
    package var enableServiceLinks: Bool { flag("enableServiceLinks") ?? true }
    /// Importance; higher first. 0 when missing.
    package var priority: Int64 { integer("priority") ?? 0 }
    /// `PreemptLowerPriority` or `Never`: whether pods that matter less make room for it.
    package var preemptionPolicy: String { text("preemptionPolicy") ?? "PreemptLowerPriority" }
    /// Conditions besides the containers' readiness that make the pod ready.
    package var readinessGates: [String] {
        value["readinessGates"]?.arrayValue?.compactMap { $0["conditionType"]?.stringValue } ?? []
    }
    /// What the runtime itself costs.
    package var overhead: [String: Quantity] { quantities("overhead") }
    /// Limits and requests of the pod as a whole.
    package var resources: ResourceRequirements { part("resources") }
    /// Secrets for pulling images.
    package var imagePullSecrets: [String] { value["imagePullSecrets"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? [] }
}

/// One line of /etc/hosts.
package struct HostAlias: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The address.
    package var ip: String { text("ip") ?? "" }
    /// The names.
    package var hostnames: [String] { texts("hostnames") }
}

/// core/v1 PodDNSConfig.
package struct PodDNSConfig: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Name servers, appended to those of the policy.
    package var nameservers: [String] { texts("nameservers") }
    /// Search domains, appended to those of the policy.
    package var searches: [String] { texts("searches") }
    /// Resolver options as resolv.conf writes them: `ndots:2`, `edns0`.
    package var options: [String] {
        (value["options"]?.arrayValue ?? []).compactMap { option in
            guard let name = option["name"]?.stringValue else { return nil }
            return option["value"]?.stringValue.map { "\(name):\($0)" } ?? name
        }
    }
}
