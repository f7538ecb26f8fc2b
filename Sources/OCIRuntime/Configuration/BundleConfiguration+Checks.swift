internal import CLinux
internal import Glibc

extension BundleConfiguration {
    func makes(_ kind: Int) -> Bool { namespaces.contains { $0.kind == UInt64(kind) && $0.path == nil } }

    func joins(_ kind: Int) -> Bool { namespaces.contains { $0.kind == UInt64(kind) && $0.path != nil } }

    func has(_ kind: Int) -> Bool { makes(kind) || joins(kind) }

    /// Whether what is mounted is seen by the machine, too, as there is no mount namespace; then it is mounted on the root, which covers itself.
    var mountsInPlace: Bool { !has(KD_CLONE_NEWNS) && !(mounts.isEmpty && maskedPaths.isEmpty && readOnlyPaths.isEmpty && !isRootReadOnly) }

    func checkNamespaces(_ linux: SpecField) throws(OCIError) {
        let namespaces = try linux.member("namespaces")
        if let hostname, !hostname.isEmpty, !has(KD_CLONE_NEWUTS) {
            throw namespaces.fault("has no uts namespace, so the hostname `\(hostname)` cannot be set")
        }
        if let domainname, !domainname.isEmpty, !has(KD_CLONE_NEWUTS) { throw namespaces.fault("has no uts namespace, so the domainname cannot be set") }
        if !makes(KD_CLONE_NEWUSER), !joins(KD_CLONE_NEWUSER), !uidMap.isEmpty || !gidMap.isEmpty {
            throw namespaces.fault("has no user namespace, but there are uidMappings or gidMappings")
        }
        if makes(KD_CLONE_NEWUSER), uidMap.isEmpty != gidMap.isEmpty {
            throw try linux.member("uidMappings").fault("and gidMappings must both be there for a new user namespace, or none of them")
        }
        if !networkDevices.isEmpty, !has(KD_CLONE_NEWNET) || isOwn(KD_CLONE_NEWNET) {
            throw namespaces.fault("has no network namespace of the container's own, but there are netDevices")
        }
        if !timeOffsets.isEmpty, !makes(0x80) { throw namespaces.fault("has no new time namespace, but there are timeOffsets") }
        for name in [hostname, domainname] {
            if let name, name.utf8.count > 64 { throw OCIError(.invalidConfiguration, "config.json: the name `\(name)` is longer than 64 bytes") }
        }
    }

    /// Sysctls that belong to no namespace of the container's own would be the machine's.
    func checkSysctls(_ linux: SpecField) throws(OCIError) {
        let field = try linux.member("sysctl")
        let ipc: Set = [
            "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
        ]
        for (key, value) in sysctls {
            let name = Self.dotted(key)
            let kind: Int? =
                if name.hasPrefix("net.") { KD_CLONE_NEWNET } else if ipc.contains(name) || name.hasPrefix("fs.mqueue.") {
                    KD_CLONE_NEWIPC
                } else if name == "kernel.domainname" || name == "kernel.hostname" {
                    KD_CLONE_NEWUTS
                } else if name.hasPrefix("user.") { KD_CLONE_NEWUSER } else { nil }
            guard !Self.sysctlPath(key).split(separator: "/", omittingEmptySubsequences: false).contains(where: { ["", ".", ".."].contains($0) }) else {
                throw field.fault("has `\(key)`, which contains an invalid path")
            }
            guard let kind else { throw field.fault("has `\(key)`, which belongs to no namespace: it would change the machine") }
            guard has(kind), !isOwn(kind) else { throw field.fault("has `\(key)`, whose namespace is not the container's own") }
            guard name != "kernel.hostname" || hostname?.isEmpty == false else { throw field.fault("has `\(key)`, which is what hostname is for") }
            let names = ["kernel.hostname": hostname, "kernel.domainname": domainname]
            if let given = names[name] ?? nil, !given.isEmpty, given != value {
                throw field.fault("has `\(key)` as `\(value)`, but \(name.dropFirst(7)) is `\(given)`")
            }
        }
    }

    /// Whether a namespace that is joined by a path is the one this command is in.
    private func isOwn(_ kind: Int) -> Bool {
        let files = [KD_CLONE_NEWNET: "net", KD_CLONE_NEWIPC: "ipc", KD_CLONE_NEWUTS: "uts", KD_CLONE_NEWUSER: "user"]
        guard let file = files[kind], let path = namespaces.first(where: { $0.kind == UInt64(kind) })?.path else { return false }
        var (joined, own) = (stat(), stat())
        guard stat(path, &joined) == 0, stat("/proc/self/ns/\(file)", &own) == 0 else { return false }  // Then it cannot be joined either.
        return joined.st_dev == own.st_dev && joined.st_ino == own.st_ino
    }

    /// `net/ipv4/ip_forward` and `net.ipv4.ip_forward` are the same; with slashes, dots belong to names.
    static func dotted(_ key: String) -> String {
        let firstSlash = key.firstIndex(of: "/")
        let firstDot = key.firstIndex(of: ".")
        guard let firstSlash, firstDot.map({ firstSlash < $0 }) ?? true else { return key }
        return String(key.map { $0 == "/" ? "." : $0 == "." ? "/" : $0 })
    }

    /// The path below /proc/sys: dots separate, and a slash in a name written with dots is a dot.
    static func sysctlPath(_ key: String) -> String {
        let name = dotted(key)
        return String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
    }
}
