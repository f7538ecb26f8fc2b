package import APIMachinery
package import JSONCore

/// core/v1 Container, also used for ephemeral ones.
package struct Container: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// Unique in the pod.
    package var name: String { text("name") ?? "" }
    /// The image reference.
    package var image: String { text("image") ?? "" }
    /// Replaces the image's entry point when not empty.
    package var command: [String] { texts("command") }
    /// Replaces the image's arguments when not empty.
    package var args: [String] { texts("args") }
    /// Directory of the process; empty means the image's.
    package var workingDir: String { text("workingDir") ?? "" }
    /// The ports it announces.
    package var ports: [ContainerPort] { parts("ports") }
    /// The environment, in order.
    package var env: [EnvVar] { parts("env") }
    /// Whole maps added to the environment.
    package var envFrom: [EnvFromSource] { parts("envFrom") }
    /// Requests and limits.
    package var resources: ResourceRequirements { part("resources") }
    /// Volumes seen inside.
    package var volumeMounts: [VolumeMount] { parts("volumeMounts") }
    /// Restarts the container when it fails.
    package var livenessProbe: Probe? { optionalPart("livenessProbe") }
    /// Takes the pod out of services while it fails.
    package var readinessProbe: Probe? { optionalPart("readinessProbe") }
    /// Holds the other probes back until it succeeds.
    package var startupProbe: Probe? { optionalPart("startupProbe") }
    /// Hooks after the start and before the stop.
    package var lifecycle: Lifecycle { part("lifecycle") }
    /// Where the process may leave its last words. Default `/dev/termination-log`.
    package var terminationMessagePath: String { text("terminationMessagePath") ?? "/dev/termination-log" }
    /// `File` or `FallbackToLogsOnError`.
    package var terminationMessagePolicy: String { text("terminationMessagePolicy") ?? "File" }
    /// `Always`, `IfNotPresent` or `Never`.
    package var imagePullPolicy: String { text("imagePullPolicy") ?? "IfNotPresent" }
    /// Security settings.
    package var securityContext: SecurityContext { part("securityContext") }
    /// Whether standard input stays open.
    package var stdin: Bool { flag("stdin") ?? false }
    /// Whether standard input closes after the first attach.
    package var stdinOnce: Bool { flag("stdinOnce") ?? false }
    /// Whether the process has a terminal.
    package var tty: Bool { flag("tty") ?? false }
    /// `Always` makes an init container a sidecar; nil follows the pod.
    package var restartPolicy: String? { text("restartPolicy") }
    /// The container whose processes an ephemeral one sees; empty for its own.
    package var targetContainerName: String { text("targetContainerName") ?? "" }
    /// Whether an init container keeps running beside the others.
    package var isSidecar: Bool { restartPolicy == "Always" }
}

/// core/v1 ContainerPort.
package struct ContainerPort: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Name used by services and probes; may be empty.
    package var name: String { text("name") ?? "" }
    /// The port inside the pod.
    package var containerPort: Int64 { integer("containerPort") ?? 0 }
    /// The port on the node; 0 for none.
    package var hostPort: Int64 { integer("hostPort") ?? 0 }
    /// The node's address for the host port; empty for all.
    package var hostIP: String { text("hostIP") ?? "" }
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String { text("protocol") ?? "TCP" }
}

/// core/v1 ResourceRequirements.
package struct ResourceRequirements: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// What it may use at most.
    package var limits: [String: Quantity] { quantities("limits") }
    /// What is set aside for it.
    package var requests: [String: Quantity] { quantities("requests") }
}
