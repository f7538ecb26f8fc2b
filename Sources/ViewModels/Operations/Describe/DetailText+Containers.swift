import JSONCore
import KubeSchemas
import LinuxKernel

/// Containers of pods and of the templates that pods are made from.
extension DetailText {
    /// The containers of a template, without states.
    mutating func template(_ spec: PodSpec, now: Timestamp) {
        for container in spec.initContainers { self.container(container, [], "Init container", now: now) }
        for container in spec.containers { self.container(container, [], "Container", now: now) }
        volumes(spec.volumes)
    }

    /// One container, with its state where there is one.
    mutating func container(_ container: Container, _ statuses: [ContainerStatus], _ title: String, now: Timestamp) {
        heading(title, [TextSpan(" \(container.name)")])
        fact("image", container.image)
        fact("command", (container.command + container.args).joined(separator: " "))
        if let status = statuses.first(where: { $0.name == container.name }) {
            fact("state", ContainerText.spans(status.state, now: now))
            if let waiting = status.state.waiting { fact("because", waiting.message) }
            if status.lastState.terminated != nil { fact("last state", ContainerText.spans(status.lastState, now: now)) }
            fact("ready", status.ready ? "yes" : "no", status.ready ? .ok : .warning)
            fact("restarts", "\(status.restartCount)", status.restartCount == 0 ? .dim : .warning)
        }
        fact("requests", Self.amounts(container.resources.requests))
        fact("limits", Self.amounts(container.resources.limits))
        fact(
            "ports",
            container.ports.map { "\($0.containerPort)/\($0.protocol)\($0.name.isEmpty ? "" : " \($0.name)")" }.joined(separator: ", "))
        for (index, variable) in container.env.enumerated() { fact(index == 0 ? "environment" : "", Self.variable(variable)) }
        for source in container.envFrom { fact("env from", Self.source(source.value), .dim) }
        for (index, mount) in container.volumeMounts.enumerated() {
            fact(
                index == 0 ? "mounts" : "",
                [TextSpan(mount.mountPath), TextSpan(" from \(mount.name)\(mount.readOnly ? ", read only" : "")", .dim)])
        }
    }

    /// The volumes, each with what it comes from.
    mutating func volumes(_ volumes: [Volume]) {
        guard !volumes.isEmpty else { return }
        heading("Volumes")
        for volume in volumes {
            let detail = volume.hostPath?.path ?? volume.secret?.objectName ?? volume.configMap?.objectName ?? ""
            fact(volume.name, [TextSpan(volume.sourceKind), TextSpan(detail.isEmpty ? "" : "  \(detail)", .dim)])
        }
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
}
