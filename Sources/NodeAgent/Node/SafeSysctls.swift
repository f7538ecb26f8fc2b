import KubeSchemas

/// The kernel settings that a pod may have of its own on any node. Source: kubelet pkg/kubelet/sysctl/safe_sysctls.go.
enum SafeSysctls {
    private enum Namespace: String { case ipc, net }

    private static let known: [String: Namespace] = [
        "kernel.shm_rmid_forced": .ipc, "net.ipv4.ip_local_port_range": .net, "net.ipv4.tcp_syncookies": .net, "net.ipv4.ping_group_range": .net,
        "net.ipv4.ip_unprivileged_port_start": .net, "net.ipv4.ip_local_reserved_ports": .net, "net.ipv4.tcp_keepalive_time": .net,
        "net.ipv4.tcp_fin_timeout": .net, "net.ipv4.tcp_keepalive_intvl": .net, "net.ipv4.tcp_keepalive_probes": .net, "net.ipv4.tcp_rmem": .net,
        "net.ipv4.tcp_wmem": .net,
    ]

    /// What is wrong with the first setting that the pod may not have; nil when all are safe.
    static func complaint(_ pod: Pod) -> String? {
        for (name, _) in pod.spec.securityContext.sysctls {
            guard let namespace = known[normalized(name)] else { return "\"\(normalized(name))\" not allowlisted" }
            // Of the node's own namespace it would be everybody's.
            let isShared = namespace == .ipc ? pod.spec.hostIPC : pod.spec.hostNetwork
            if isShared { return "\"\(normalized(name))\" not allowed with host \(namespace.rawValue) enabled" }
        }
        return nil
    }

    /// With dots between its parts: sysctl(8) also takes slashes, and dots then stand for themselves.
    static func normalized(_ name: String) -> String {
        guard name.first(where: { $0 == "." || $0 == "/" }) == "/" else { return name }
        return String(name.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }
}
