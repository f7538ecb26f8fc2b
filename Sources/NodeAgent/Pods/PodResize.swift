import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// What is known of changes to a running pod's resources. Pure.
struct PodResize: Sendable, Hashable {
    struct Condition: Sendable, Hashable {
        var type: String
        var reason: String
        var message: String
    }

    /// `PodResizePending` or `PodResizeInProgress`, while they hold.
    var conditions: [Condition] = []

    /// What the node cannot give, now (`Deferred`) or ever (`Infeasible`).
    static func pending(_ reason: String, _ message: String) -> PodResize {
        PodResize(conditions: [.init(type: "PodResizePending", reason: reason, message: message)])
    }

    /// What was accepted and could not be carried out yet.
    static func failed(_ message: String) -> PodResize {
        PodResize(conditions: [.init(type: "PodResizeInProgress", reason: "Error", message: message)])
    }

    /// What becomes of one running container.
    enum Change: Sendable, Hashable {
        case nothing
        /// Its cgroup gets new values.
        case inPlace
        /// Its policy asks for a restart.
        case restart
    }

    /// Compares what a container has with what its spec wants. Source: Container.resizePolicy, default NotRequired.
    static func change(_ container: Container, has: JSONValue) -> Change {
        let changed = differences(has, container.resources)
        if changed.isEmpty { return .nothing }
        let policies = container.value["resizePolicy"]?.arrayValue ?? []
        let wantsRestart = policies.contains { policy in
            policy["restartPolicy"]?.stringValue == "RestartContainer" && changed.contains(policy["resourceName"]?.stringValue ?? "")
        }
        return wantsRestart ? .restart : .inPlace
    }

    /// Whether a pod's own resources change, which never takes a restart.
    static func changes(_ pod: Pod, has: JSONValue) -> Bool { !differences(has, pod.spec.resources).isEmpty }

    private static func differences(_ has: JSONValue, _ new: ResourceRequirements) -> [String] {
        let old = ResourceRequirements(has)
        return ["cpu", "memory"].filter { old.limits[$0] != new.limits[$0] || old.requests[$0] != new.requests[$0] }
    }
}
