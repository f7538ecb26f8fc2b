package import JSONCore

/// One socket of a container's network.
package struct ContainerSocket: Sendable, Hashable {
    /// `tcp`, `tcp6`, `udp`, `udp6`, `unix`.
    package var `protocol`: String
    /// `10.1.2.3:80`, `[::1]:80`, or a unix socket's path; empty for none.
    package var local: String
    /// The other end; empty for none.
    package var remote: String
    /// `LISTEN`, `ESTABLISHED` …; empty where the protocol has none.
    package var state: String
    /// The number inside the container of a process that has it open; nil when it is another container's, or nobody's any more.
    package var pid: Int32?
    /// That process's program; empty without one.
    package var program: String

    /// A socket.
    package init(protocol: String, local: String, remote: String, state: String, pid: Int32?, program: String) {
        self.protocol = `protocol`
        self.local = local
        self.remote = remote
        self.state = state
        self.pid = pid
        self.program = program
    }

    /// As `/kdash/v1/containers` answers.
    package var value: JSONValue {
        var object: JSONObject = [
            "protocol": .string(`protocol`), "local": .string(local), "remote": .string(remote), "state": .string(state), "program": .string(program),
        ]
        if let pid { object["pid"] = .integer(Int64(pid)) }
        return .object(object)
    }

    /// Reads what ``value`` wrote; nil when it is no socket.
    package init?(_ value: JSONValue) {
        guard let name = value["protocol"]?.stringValue else { return nil }
        self.init(
            protocol: name, local: value["local"]?.stringValue ?? "", remote: value["remote"]?.stringValue ?? "", state: value["state"]?.stringValue ?? "",
            pid: value["pid"]?.integerValue.flatMap { Int32(exactly: $0) }, program: value["program"]?.stringValue ?? "")
    }
}

/// The sockets of a container's network.
package struct ContainerSockets: Sendable, Hashable {
    /// More are left out.
    package static let maximumCount = 8192

    /// The sockets: those that listen first.
    package var sockets: [ContainerSocket]
    /// Whether there are more.
    package var isCut: Bool

    /// Sockets.
    package init(sockets: [ContainerSocket], isCut: Bool) {
        self.sockets = sockets
        self.isCut = isCut
    }

    /// As `/kdash/v1/containers` answers.
    package var value: JSONValue { ["sockets": .array(sockets.map(\.value)), "cut": .bool(isCut)] }

    /// Reads what ``value`` wrote; nil for anything else.
    package init?(_ value: JSONValue) {
        guard let listed = value["sockets"]?.arrayValue else { return nil }
        self.init(sockets: listed.compactMap { ContainerSocket($0) }, isCut: value["cut"]?.boolValue ?? false)
    }
}
