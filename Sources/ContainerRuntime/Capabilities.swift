/// A set of Linux capabilities.
package struct Capabilities: Sendable, Hashable, OptionSet {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Names without the `CAP_` prefix; the index is the capability's number.
    package static let names = [
        "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
        "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
        "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
        "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
        "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
        "CHECKPOINT_RESTORE",
    ]

    /// Every capability this table knows.
    package static let all = Capabilities(rawValue: (1 << UInt64(names.count)) - 1)

    /// What a container gets unless its spec says otherwise. Source: containerd's default unix capabilities.
    package static let containerDefault: Capabilities = {
        let wanted = [
            "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
            "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
        ]
        return wanted.reduce(into: []) { set, name in
            if let one = Capabilities(name: name) { set.formUnion(one) }
        }
    }()

    /// One capability by its name, with or without `CAP_`, in any case; nil when unknown.
    package init?(name: String) {
        var bare = name.uppercased()
        if bare.hasPrefix("CAP_") { bare.removeFirst(4) }
        guard let number = Capabilities.names.firstIndex(of: bare) else { return nil }
        self.init(rawValue: 1 << UInt64(number))
    }

    /// This set after a security context's `add` and `drop` lists, where `ALL` names every capability. Additions
    /// win over drops of `ALL`; otherwise a drop wins. Throws `invalid` for a name no kernel knows.
    package func applying(add: [String], drop: [String]) throws(RuntimeError) -> Capabilities {
        let added = try Capabilities.parse(add)
        let dropped = try Capabilities.parse(drop)
        if Capabilities.hasAll(drop) { return added }
        if Capabilities.hasAll(add) { return Capabilities.all.subtracting(dropped) }
        return union(added).subtracting(dropped)
    }

    private static func hasAll(_ names: [String]) -> Bool { names.contains { $0.uppercased() == "ALL" } }

    private static func parse(_ names: [String]) throws(RuntimeError) -> Capabilities {
        var set: Capabilities = []
        for name in names {
            if name.uppercased() == "ALL" {
                set = .all
            } else if let one = Capabilities(name: name) {
                set.formUnion(one)
            } else {
                throw RuntimeError(.invalid, "unknown capability \(name)")
            }
        }
        return set
    }
}
