package import JSONCore

/// core/v1 Probe.
package struct Probe: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// What is tried.
    package var action: ProbeAction { ProbeAction(value) }
    /// Seconds after the start before the first try. Default 0.
    package var initialDelaySeconds: Int64 { integer("initialDelaySeconds") ?? 0 }
    /// Seconds until a try counts as failed. Default 1.
    package var timeoutSeconds: Int64 { max(1, integer("timeoutSeconds") ?? 1) }
    /// Seconds between tries. Default 10.
    package var periodSeconds: Int64 { max(1, integer("periodSeconds") ?? 10) }
    /// Successes in a row after a failure. Default 1.
    package var successThreshold: Int64 { max(1, integer("successThreshold") ?? 1) }
    /// Failures in a row. Default 3.
    package var failureThreshold: Int64 { max(1, integer("failureThreshold") ?? 3) }
    /// Grace period when this probe kills; nil for the pod's.
    package var terminationGracePeriodSeconds: Int64? { integer("terminationGracePeriodSeconds") }
}

/// What a probe or a hook does: one of exec, HTTP, TCP, gRPC, sleep.
package struct ProbeAction: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// A command inside the container.
    package var exec: [String]? { value["exec"].map { $0["command"]?.arrayValue?.compactMap(\.stringValue) ?? [] } }
    /// An HTTP request.
    package var httpGet: HTTPGetAction? { optionalPart("httpGet") }
    /// A TCP connection.
    package var tcpSocket: PortAction? { optionalPart("tcpSocket") }
    /// A gRPC health check.
    package var grpc: PortAction? { optionalPart("grpc") }
    /// A pause of seconds (hooks only).
    package var sleepSeconds: Int64? { value["sleep", "seconds"]?.integerValue }
}

/// core/v1 HTTPGetAction.
package struct HTTPGetAction: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// The path. Default `/`.
    package var path: String { text("path") ?? "/" }
    /// A number, or the name of a container port.
    package var port: JSONValue { value["port"] ?? .null }
    /// Where to connect; empty for the pod's address.
    package var host: String { text("host") ?? "" }
    /// `HTTP` or `HTTPS`.
    package var scheme: String { text("scheme") ?? "HTTP" }
    /// Extra request headers.
    package var headers: [(name: String, value: String)] {
        (value["httpHeaders"]?.arrayValue ?? []).compactMap { header in
            header["name"]?.stringValue.map { ($0, header["value"]?.stringValue ?? "") }
        }
    }
}

/// core/v1 TCPSocketAction and GRPCAction.
package struct PortAction: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// A number, or the name of a container port.
    package var port: JSONValue { value["port"] ?? .null }
    /// Where to connect; empty for the pod's address.
    package var host: String { text("host") ?? "" }
    /// The gRPC service that is asked for; empty for the whole server.
    package var service: String { text("service") ?? "" }
}

/// core/v1 Lifecycle.
package struct Lifecycle: ValueView {
    package var value: JSONValue
    package init(_ value: JSONValue) { self.value = value }
    /// Runs right after the start.
    package var postStart: ProbeAction? { optionalPart("postStart") }
    /// Runs before SIGTERM, inside the grace period.
    package var preStop: ProbeAction? { optionalPart("preStop") }
    /// The signal that asks to stop, for example `SIGUSR1`; empty for the image's.
    package var stopSignal: String { text("stopSignal") ?? "" }
}
