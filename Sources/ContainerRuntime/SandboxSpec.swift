package import LinuxKernel

/// What the containers of one pod share: network, host name and System V IPC, and their cgroup parent.
package struct SandboxSpec: Sendable, Hashable {
    /// The pod's uid; at most 63 of `[A-Za-z0-9._-]`.
    package var id: String
    /// Host name inside the pod; at most 64 bytes. Ignored with `usesHostNetwork`.
    package var hostname: String
    /// Shares the node's network and host name. Default false.
    package var usesHostNetwork: Bool
    /// Containers see the node's processes. Default false.
    package var usesHostPID: Bool
    /// Shares the node's IPC. Default false.
    package var usesHostIPC: Bool
    /// One process tree for all containers of the pod, with a reaping first process of ours. Default false.
    package var sharesProcessNamespace: Bool
    /// Namespaced kernel settings, `net.ipv4.ip_unprivileged_port_start` form.
    package var sysctls: [String: String]
    /// Users and groups of its own, who own its namespaces and have no rights outside; with none of the node's namespaces. Default nil: the
    /// node's users.
    package var users: HostIDRange?

    package init(
        id: String, hostname: String, usesHostNetwork: Bool = false, usesHostPID: Bool = false, usesHostIPC: Bool = false,
        sharesProcessNamespace: Bool = false, sysctls: [String: String] = [:], users: HostIDRange? = nil
    ) {
        self.id = id
        self.hostname = hostname
        self.usesHostNetwork = usesHostNetwork
        self.usesHostPID = usesHostPID
        self.usesHostIPC = usesHostIPC
        self.sharesProcessNamespace = sharesProcessNamespace
        self.sysctls = sysctls
        self.users = users
    }

    /// What containerd sets in every pod with a network of its own: any port may be bound, any group may ping.
    package static let defaultSysctls = [
        "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647",
    ]
}

/// Access to a sandbox's network namespace from the daemon.
package struct SandboxHandles: ~Copyable, Sendable {
    /// The network namespace.
    package let networkNamespace: FileDescriptor
    /// A route netlink socket that lives in it; wrap it in `NetlinkSocket(owning:)` with `release()`.
    package let netlink: FileDescriptor

    /// Takes both descriptors apart; the caller owns them.
    package consuming func release() -> (networkNamespace: CInt, netlink: CInt) {
        (networkNamespace.release(), netlink.release())
    }
}
