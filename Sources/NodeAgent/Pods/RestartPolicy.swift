import JSONCore
import KubeSchemas

extension Pod {
    /// All containers of the pod, in the order they start.
    var allContainers: [Container] { spec.initContainers + spec.containers + spec.ephemeralContainers }

    /// Which of the pod's three lists a container is in.
    func role(of name: String) -> ContainerRole {
        if let container = spec.initContainers.first(where: { $0.name == name }) { return container.isSidecar ? .sidecar : .initial }
        return spec.ephemeralContainers.contains { $0.name == name } ? .ephemeral : .main
    }

    /// Whether an instance that ended with `exitCode` is followed by another.
    ///
    /// Source: the kubelet's ShouldContainerBeRestarted: a container's own rules and policy, then the pod's.
    func restarts(_ container: Container, role: ContainerRole, after exitCode: Int) -> Bool {
        if role == .ephemeral { return false }
        for rule in container.value["restartPolicyRules"]?.arrayValue ?? [] {
            let codes = (rule["exitCodes"]?["values"]?.arrayValue ?? []).compactMap(\.integerValue)
            let isListed = codes.contains(Int64(exitCode))
            let matches = rule["exitCodes"]?["operator"]?.stringValue == "NotIn" ? !isListed : isListed
            if matches { return rule["action"]?.stringValue == "Restart" }
        }
        switch container.restartPolicy ?? spec.restartPolicy {
        case "Never": return false
        case "OnFailure": return exitCode != 0
        default: return role != .initial || exitCode != 0
        }
    }
}

/// What a container is for.
enum ContainerRole: Sendable, Hashable {
    /// Runs to its end before the next one starts.
    case initial
    /// An init container that keeps running beside the others.
    case sidecar
    case main
    /// Added to the running pod, for looking into it.
    case ephemeral
}
