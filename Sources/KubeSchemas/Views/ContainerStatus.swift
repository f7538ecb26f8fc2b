package import JSONCore
package import LinuxKernel

/// core/v1 ContainerStatus.
package struct ContainerStatus: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// The container's name.
    package var name: String {
        get { text("name") ?? "" }
        set { set("name", newValue) }
    }
    /// What it does now.
    package var state: ContainerState {
        get { part("state") }
        set { value["state"] = newValue.value }
    }
    /// How it ended the last time.
    package var lastState: ContainerState {
        get { part("lastState") }
        set { value["lastState"] = newValue.value }
    }
    /// Whether it passes its readiness probe.
    package var ready: Bool {
        get { flag("ready") ?? false }
        set { set("ready", newValue) }
    }
    /// Whether it passed its startup probe; nil when unknown.
    package var started: Bool? {
        get { flag("started") }
        set { set("started", newValue) }
    }
    /// How often it was restarted.
    package var restartCount: Int64 {
        get { integer("restartCount") ?? 0 }
        set { set("restartCount", newValue) }
    }
    /// The image's name.
    package var image: String {
        get { text("image") ?? "" }
        set { value["image"] = .string(newValue) }
    }
    /// The image's digest.
    package var imageID: String {
        get { text("imageID") ?? "" }
        set { value["imageID"] = .string(newValue) }
    }
    /// `kdash://<id>`; empty before the first start.
    package var containerID: String {
        get { text("containerID") ?? "" }
        set { set("containerID", newValue) }
    }
}

/// core/v1 ContainerState: at most one of the three.
package struct ContainerState: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// Not running yet, and why.
    package static func waiting(reason: String, message: String? = nil) -> ContainerState {
        var inner = StateWaiting()
        inner.set("reason", reason)
        inner.set("message", message)
        return ContainerState(.object(["waiting": inner.value]))
    }
    /// Running since.
    package static func running(since: Timestamp) -> ContainerState {
        ContainerState(.object(["running": .object(["startedAt": .string(since.rfc3339)])]))
    }
    /// Ended.
    package static func terminated(_ terminated: StateTerminated) -> ContainerState {
        ContainerState(.object(["terminated": terminated.value]))
    }

    /// Set while it waits.
    package var waiting: StateWaiting? { optionalPart("waiting") }
    /// Set while it runs.
    package var running: StateRunning? { optionalPart("running") }
    /// Set when it has ended.
    package var terminated: StateTerminated? { optionalPart("terminated") }
}

/// core/v1 ContainerStateWaiting.
package struct StateWaiting: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// For example `CrashLoopBackOff`.
    package var reason: String { text("reason") ?? "" }
    /// Why, for people.
    package var message: String { text("message") ?? "" }
}

/// core/v1 ContainerStateRunning.
package struct StateRunning: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// When it started.
    package var startedAt: Timestamp? { time("startedAt") }
}

/// core/v1 ContainerStateTerminated.
package struct StateTerminated: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }

    /// An end from its parts; the signal is left out when 0.
    package init(
        exitCode: Int64, signal: Int64 = 0, reason: String, message: String? = nil, startedAt: Timestamp?, finishedAt: Timestamp?,
        containerID: String
    ) {
        self.init(.object(["exitCode": .integer(exitCode)]))
        set("signal", signal == 0 ? nil : signal)
        set("reason", reason)
        set("message", message)
        set("startedAt", startedAt)
        set("finishedAt", finishedAt)
        set("containerID", containerID)
    }

    /// The exit code; 128 plus the signal when it was killed.
    package var exitCode: Int64 { integer("exitCode") ?? 0 }
    /// The signal that ended it; 0 for none.
    package var signal: Int64 { integer("signal") ?? 0 }
    /// `Completed`, `Error`, `OOMKilled`, …
    package var reason: String { text("reason") ?? "" }
    /// Its last words.
    package var message: String { text("message") ?? "" }
    /// When it started.
    package var startedAt: Timestamp? { time("startedAt") }
    /// When it ended.
    package var finishedAt: Timestamp? { time("finishedAt") }
    /// `kdash://<id>`.
    package var containerID: String { text("containerID") ?? "" }
}
