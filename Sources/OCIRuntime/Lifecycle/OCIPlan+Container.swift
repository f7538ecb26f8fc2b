internal import CLinux
internal import ContainerRuntime
internal import Glibc
internal import LinuxKernel

/// What a new container needs beside its configuration.
struct ContainerSurroundings {
    var bundle: String
    var noPivot = false
    var noNewKeyring = false
    var preserved = 0
    var cgroup: ContainerCgroup?
    /// Whether an ordinary user's ids are mapped by themselves, which forbids setgroups.
    var keepsGroups = false
    /// Whether this process is already in a user namespace that is not the machine's.
    var isInUserNamespace = false
    var filter: [UInt8] = []
    var filterFlags: UInt64 = 0
}

extension OCIPlan {
    /// Everything but the descriptors.
    init(_ configuration: BundleConfiguration, _ around: ContainerSurroundings) {
        self.init()
        number(KD_OCI_FLAGS, Self.flags(configuration, around))
        text(KD_OCI_ROOTFS, Self.absolute(configuration.rootPath, in: around.bundle))
        for var mount in configuration.mounts {
            if mount.isBind { mount.source = Self.absolute(mount.source, in: around.bundle) }
            if mount.flags & UInt64(KD_OCI_ID_MAPPED) != 0, mount.uidMap.isEmpty { (mount.uidMap, mount.gidMap) = (configuration.uidMap, configuration.gidMap) }
            if let label = configuration.mountLabel, !label.isEmpty, !mount.isBind, ["tmpfs", "mqueue"].contains(mount.type),
                FileSystem.exists("/sys/fs/selinux/enforce")
            {
                mount.data.append("context=\(label)")
            }
            self.mount(mount)
        }
        for device in Self.devices(configuration) {
            record(KD_OCI_DEVICE) { inner in
                inner.text(KD_OCI_PATH, device.path)
                inner.numbers(
                    KD_OCI_NUMBERS,
                    [
                        UInt64(device.type), UInt64(bitPattern: device.major), UInt64(bitPattern: device.minor), UInt64(device.mode), UInt64(device.uid),
                        UInt64(device.gid), Self.host(device.uid, configuration.uidMap), Self.host(device.gid, configuration.gidMap),
                    ])
            }
        }
        for path in configuration.maskedPaths { text(KD_OCI_MASK, path) }
        for path in configuration.readOnlyPaths { text(KD_OCI_READ_ONLY, path) }
        for (key, value) in configuration.sysctls { pair(KD_OCI_SYSCTL, BundleConfiguration.sysctlPath(key), value) }
        for namespace in configuration.namespaces {
            record(KD_OCI_NAMESPACE) { inner in
                inner.number(KD_OCI_TYPE, namespace.kind)
                if let path = namespace.path { inner.text(KD_OCI_PATH, path) }
            }
        }
        if let name = configuration.hostname, !name.isEmpty { text(KD_OCI_HOSTNAME, name) }
        if let name = configuration.domainname, !name.isEmpty { text(KD_OCI_DOMAINNAME, name) }
        number(KD_OCI_PROPAGATION, configuration.propagation)
        if !configuration.timeOffsets.isEmpty {
            text(KD_OCI_TIME_OFFSETS, configuration.timeOffsets.map { "\($0.clock) \($0.seconds) \($0.nanoseconds)\n" }.joined())
        }
        for hook in configuration.hooks[.createContainer] ?? [] { self.hook(KD_OCI_HOOK_CREATE_CONTAINER, hook) }
        for hook in configuration.hooks[.startContainer] ?? [] { self.hook(KD_OCI_HOOK_START_CONTAINER, hook) }
        if let cgroup = around.cgroup, !cgroup.isVersion2 {
            for hierarchy in cgroup.hierarchies { pair(KD_OCI_HIERARCHY, hierarchy.options, hierarchy.directory) }
        }
        if let personality = configuration.personality { number(KD_OCI_PERSONALITY, personality) }
        if let policy = configuration.memoryPolicy { numbers(KD_OCI_MEMORY_POLICY, policy.words) }
        if let process = configuration.process {
            self.process(process, filter: around.filter, filterFlags: around.filterFlags)
            if let (file, label) = Self.label(process) { pair(KD_OCI_LABEL, file, label) }
        }
        if around.preserved > 0 { number(KD_OCI_PRESERVED, around.preserved) }
    }

    private static func flags(_ configuration: BundleConfiguration, _ around: ContainerSurroundings) -> UInt64 {
        var flags = 0
        let hasUserNamespace = configuration.has(KD_CLONE_NEWUSER)
        if configuration.process?.terminal == true { flags |= KD_OCI_HAS_TERMINAL }
        if configuration.isRootReadOnly { flags |= KD_OCI_READ_ONLY_ROOT }
        if configuration.process?.noNewPrivileges == true { flags |= KD_OCI_NO_NEW_PRIVILEGES }
        if around.noPivot { flags |= KD_OCI_NO_PIVOT }
        if around.noNewKeyring { flags |= KD_OCI_NO_KEYRING }
        if let cgroup = around.cgroup, LaunchHandles.entersByItself(cgroup, makesUserNamespace: configuration.makes(KD_CLONE_NEWUSER)) {
            flags |= KD_OCI_ENTERS_CGROUPS
        }
        if hasUserNamespace || around.isInUserNamespace { flags |= KD_OCI_IN_USER_NAMESPACE }
        if around.keepsGroups || keepsCallersGroups(configuration) { flags |= KD_OCI_KEEPS_GROUPS }
        // Privileged, they are opened before the user namespace is entered; what is mapped is, in any case.
        let isMapped = configuration.mounts.contains { $0.flags & UInt64(KD_OCI_ID_MAPPED) != 0 }
        if (hasUserNamespace && geteuid() == 0 && !around.isInUserNamespace) || isMapped { flags |= KD_OCI_OPENS_SOURCES }
        let hasMounts = configuration.has(KD_CLONE_NEWNS) || configuration.mountsInPlace
        if hasMounts, !configuration.mounts.contains(where: { $0.destination == "/dev" && $0.isBind }) { flags |= KD_OCI_HAS_DEVICES }
        if configuration.mountsInPlace { flags |= KD_OCI_MOUNTS_IN_PLACE }
        if flags & KD_OCI_HAS_DEVICES != 0, configuration.makes(KD_CLONE_NEWUSER), geteuid() == 0, !around.isInUserNamespace { flags |= KD_OCI_SEEDS_DEVICES }
        if around.cgroup?.isVersion2 ?? (ContainerStore.layout()?.mode == .v2) { flags |= KD_OCI_CGROUP2 }
        if configuration.has(KD_CLONE_NEWCGROUP) { flags |= KD_OCI_CGROUP_NAMESPACE }
        return UInt64(flags)
    }

    /// Whether the program keeps the groups of whoever runs this command. Source: crun's annotation, which podman's `--group-add keep-groups` sets.
    static func keepsCallersGroups(_ configuration: BundleConfiguration) -> Bool {
        configuration.annotation("run.oci.keep_original_groups") == "1" && configuration.process?.additionalGroups.isEmpty ?? true
    }

    /// An id of the container as the machine's; the largest number, which changes no owner, for what is not mapped.
    static func host(_ id: UInt32, _ map: [MountConfiguration.IDRange]) -> UInt64 {
        map.first { id >= $0.container && id - $0.container < $0.size }.map { UInt64($0.host) + UInt64(id - $0.container) } ?? UInt64(UInt32.max)
    }

    static func absolute(_ path: String, in bundle: String) -> String { path.hasPrefix("/") ? path : "\(bundle)/\(path)" }

    /// The default devices, each unless the configuration has its own at that path, then the configuration's.
    static func devices(_ configuration: BundleConfiguration) -> [BundleConfiguration.Device] {
        let standard: [(String, Int64, Int64)] = [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)]
        let missing = standard.filter { one in !configuration.devices.contains { $0.path == "/dev/\(one.0)" } }
        return missing.map { name, major, minor in
            BundleConfiguration.Device(path: "/dev/\(name)", type: S_IFCHR, major: major, minor: minor, mode: 0o666, uid: 0, gid: 0)
        } + configuration.devices
    }

    /// What is written to which file below /proc/self/attr for the next exec.
    static func label(_ process: ProcessConfiguration) -> (file: String, label: String)? {
        if let label = process.selinuxLabel, !label.isEmpty, FileSystem.exists("/sys/fs/selinux/enforce") { return ("exec", label) }
        guard AppArmor.isEnabled, let profile = process.appArmorProfile, !profile.isEmpty else { return nil }
        return ("apparmor/exec", "exec \(profile)")
    }
}
