import APIMachinery
import KubeSchemas
import LinuxKernel

/// Everything worth knowing about a pod, for reading from top to bottom.
struct PodDescription {
    private let pod: Pod
    private let now: Timestamp
    private var text = DetailText()

    /// The lines for a pod and the events about it.
    static func lines(_ pod: Pod, events: [Event], now: Timestamp) -> [[TextSpan]] {
        text(pod, events: events, unread: [], now: now, context: "").lines
    }

    /// The text for a pod and the events about it, with what its lines stand for in a context.
    static func text(_ pod: Pod, events: [Event], unread: [String], now: Timestamp, context: String) -> DetailText {
        var description = PodDescription(pod: pod, now: now)
        description.text.context = context
        description.writePod()
        description.writeContainers()
        description.writeConditions()
        description.text.volumes(pod.spec.volumes)
        description.text.events(events, unread: unread, now: now)
        return description.text
    }

    private init(pod: Pod, now: Timestamp) {
        self.pod = pod
        self.now = now
    }

    private mutating func writePod() {
        let row = PodRow(pod)
        let (spec, status, object) = (pod.spec, pod.status, pod.object)
        text.heading("Pod")
        text.fact("name", pod.name)
        text.fact("namespace", pod.namespace ?? "")
        text.fact("uid", pod.uid, .dim)
        text.fact("status", [TextSpan(row.status, row.tone)] + (PodRow.reason(status).map { [TextSpan("  \($0)", .dim)] } ?? []))
        text.fact("created", object.creationTimestamp.map { "\($0.rfc3339), \(HumanDuration.text(now - $0)) ago" } ?? "")
        if let deletion = object.deletionTimestamp {
            text.fact("deleting", "its grace period of \(object.deletionGracePeriodSeconds ?? 0) s ends \(deletion.rfc3339)", .warning)
        }
        if let owner = object.controllerRef {
            text.fact("owner", "\(owner.kind) \(owner.name)")
            text.link(DetailLink(binding: text.binding(owner, of: object)))
        }
        text.fact("node", spec.nodeName.isEmpty ? "not placed yet" : spec.nodeName, spec.nodeName.isEmpty ? .pending : .normal)
        text.link("Node", spec.nodeName, namespace: nil)
        text.fact("address", status.podIP)
        text.fact("restart", spec.restartPolicy)
        text.fact("grace", "\(spec.terminationGracePeriodSeconds) s")
        text.fact("class", status.qosClass.isEmpty ? PodResources(spec).qosClass.rawValue : status.qosClass)
        text.fact("account", spec.serviceAccountName)
        if !spec.serviceAccountName.isEmpty { text.link("ServiceAccount", spec.serviceAccountName, namespace: pod.namespace) }
        text.map("labels", pod.labels)
        text.map("annotations", object.annotations.filter { $0.key != "kubectl.kubernetes.io/last-applied-configuration" })
        text.map("node labels", spec.nodeSelector)
    }

    private mutating func writeContainers() {
        let (spec, status) = (pod.spec, pod.status)
        for container in spec.initContainers { text.container(container, status.initContainerStatuses, "Init container", now: now) }
        for container in spec.containers { text.container(container, status.containerStatuses, "Container", now: now) }
        for container in spec.ephemeralContainers {
            text.container(container, status.ephemeralContainerStatuses, "Ephemeral container", now: now)
        }
    }

    private mutating func writeConditions() {
        let conditions = pod.status.conditions
        guard !conditions.isEmpty else { return }
        text.heading("Conditions")
        let width = conditions.reduce(14) { max($0, $1.type.count + 2) }
        for condition in conditions {
            var spans = [TextSpan(condition.status, condition.isTrue ? .ok : .warning)]
            if !condition.reason.isEmpty { spans.append(TextSpan("  \(condition.reason)")) }
            if !condition.message.isEmpty { spans.append(TextSpan("  \(condition.message)", .dim)) }
            text.fact(condition.type, spans, width: width)
        }
    }

    /// One event in a line: age, reason, how often, message.
    static func spans(_ event: Event, now: Timestamp) -> [TextSpan] {
        let age = ContainerText.age(event.lastSeen, now)
        let tone: Tone = event.type == "Warning" ? .warning : .normal
        var spans = [TextSpan("\(String(repeating: " ", count: max(0, 6 - age.count)))\(age)  ", .dim), TextSpan(event.reason, tone)]
        if event.count > 1 { spans.append(TextSpan(" x\(event.count)", .dim)) }
        return spans + [TextSpan("  \(event.message)", .dim)]
    }
}
