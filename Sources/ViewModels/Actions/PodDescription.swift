import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// Everything worth knowing about a pod, for reading from top to bottom.
struct PodDescription {
    private let pod: Pod
    private let events: [Event]
    private let now: Timestamp
    private var text = DetailText()

    /// The lines for a pod and the events about it.
    static func lines(_ pod: Pod, events: [Event], now: Timestamp) -> [[TextSpan]] {
        var description = PodDescription(pod: pod, events: events, now: now)
        description.writePod()
        description.writeContainers()
        description.writeConditions()
        description.writeVolumes()
        description.writeEvents()
        return description.text.lines
    }

    private init(pod: Pod, events: [Event], now: Timestamp) {
        self.pod = pod
        self.events = events
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
        if let owner = object.controllerRef { text.fact("owner", "\(owner.kind) \(owner.name)") }
        text.fact("node", spec.nodeName.isEmpty ? "not placed yet" : spec.nodeName, spec.nodeName.isEmpty ? .pending : .normal)
        text.fact("address", status.podIP)
        text.fact("restart", spec.restartPolicy)
        text.fact("grace", "\(spec.terminationGracePeriodSeconds) s")
        text.fact("class", status.qosClass.isEmpty ? PodResources(spec).qosClass.rawValue : status.qosClass)
        text.fact("account", spec.serviceAccountName)
        writeMap("labels", pod.labels)
        writeMap("annotations", object.annotations.filter { $0.key != "kubectl.kubernetes.io/last-applied-configuration" })
        writeMap("node labels", spec.nodeSelector)
    }

    private mutating func writeMap(_ name: String, _ map: [String: String]) {
        for (index, entry) in map.sorted(by: { $0.key < $1.key }).enumerated() {
            text.fact(index == 0 ? name : "", [TextSpan("\(entry.key)=", .dim), TextSpan(entry.value)])
        }
    }

    private mutating func writeContainers() {
        let (spec, status) = (pod.spec, pod.status)
        for container in spec.initContainers { write(container, status.initContainerStatuses, "Init container") }
        for container in spec.containers { write(container, status.containerStatuses, "Container") }
        for container in spec.ephemeralContainers { write(container, status.ephemeralContainerStatuses, "Ephemeral container") }
    }

    private mutating func write(_ container: Container, _ statuses: [ContainerStatus], _ title: String) {
        text.heading(title, [TextSpan(" \(container.name)")])
        text.fact("image", container.image)
        text.fact("command", (container.command + container.args).joined(separator: " "))
        if let status = statuses.first(where: { $0.name == container.name }) {
            text.fact("state", ContainerText.spans(status.state, now: now))
            if let waiting = status.state.waiting { text.fact("because", waiting.message) }
            if status.lastState.terminated != nil { text.fact("last state", ContainerText.spans(status.lastState, now: now)) }
            text.fact("ready", status.ready ? "yes" : "no", status.ready ? .ok : .warning)
            text.fact("restarts", "\(status.restartCount)", status.restartCount == 0 ? .dim : .warning)
        }
        let resources = container.resources
        text.fact("requests", Self.amounts(resources.requests))
        text.fact("limits", Self.amounts(resources.limits))
        text.fact(
            "ports",
            container.ports.map { "\($0.containerPort)/\($0.protocol)\($0.name.isEmpty ? "" : " \($0.name)")" }.joined(separator: ", "))
        for (index, variable) in container.env.enumerated() { text.fact(index == 0 ? "environment" : "", Self.variable(variable)) }
        for source in container.envFrom { text.fact("env from", Self.source(source.value), .dim) }
        for (index, mount) in container.volumeMounts.enumerated() {
            text.fact(
                index == 0 ? "mounts" : "",
                [TextSpan(mount.mountPath), TextSpan(" from \(mount.name)\(mount.readOnly ? ", read only" : "")", .dim)])
        }
    }

    private static func amounts(_ amounts: [String: Quantity]) -> String {
        amounts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.canonical)" }.joined(separator: ", ")
    }

    /// Values that come from elsewhere are named, never shown.
    private static func variable(_ variable: EnvVar) -> [TextSpan] {
        let name = TextSpan("\(variable.value["name"]?.stringValue ?? "")=", .dim)
        guard let origin = variable.value["valueFrom"]?.objectValue?.first else {
            return [name, TextSpan(variable.value["value"]?.stringValue ?? "")]
        }
        let (object, key) = (
            origin.value["name"]?.stringValue,
            origin.value["key"]?.stringValue ?? origin.value["fieldPath"]?.stringValue ?? origin.value["resource"]?.stringValue ?? ""
        )
        return [name, TextSpan("<\(origin.key)\(object.map { " \($0)" } ?? ""): \(key)>", .dim)]
    }

    private static func source(_ value: JSONValue) -> String {
        (value.objectValue ?? JSONObject()).compactMap { member in member.value["name"]?.stringValue.map { "\(member.key) \($0)" } }.joined(
            separator: ", ")
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

    private mutating func writeVolumes() {
        let volumes = pod.spec.volumes
        guard !volumes.isEmpty else { return }
        text.heading("Volumes")
        for volume in volumes {
            let detail = volume.hostPath?.path ?? volume.secret?.objectName ?? volume.configMap?.objectName ?? ""
            text.fact(volume.name, [TextSpan(volume.sourceKind), TextSpan(detail.isEmpty ? "" : "  \(detail)", .dim)])
        }
    }

    private mutating func writeEvents() {
        text.heading("Events", events.isEmpty ? [TextSpan("  none in the last hour", .dim)] : [])
        for event in events { text.line(Self.spans(event, now: now)) }
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
