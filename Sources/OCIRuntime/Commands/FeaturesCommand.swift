internal import ContainerRuntime
internal import JSONCore
internal import LinuxKernel

/// `features`: what this runtime understands. Source: features.md of the runtime-spec.
enum FeaturesCommand {
    static func run() -> CInt {
        OCILog.put(String(decoding: JSON.encode(document(), pretty: true), as: UTF8.self) + "\n")
        return 0
    }

    static func document() -> JSONValue {
        let isSELinux = FileSystem.exists("/sys/fs/selinux/enforce")
        let layout = ContainerStore.layout()
        return [
            "ociVersionMin": .string(OCIVersion.oldest), "ociVersionMax": .string(OCIVersion.newest),
            "hooks": texts(BundleConfiguration.HookKind.allCases.map(\.rawValue)),
            "mountOptions": texts(mountOptions),
            "linux": [
                "namespaces": texts(BundleConfiguration.kinds.map(\.name).sorted()),
                "capabilities": texts(Capabilities.names.map { "CAP_\($0)" }),
                "cgroup": [
                    "v1": .bool(layout.map { $0.mode != .v2 } ?? true), "v2": true, "systemd": false, "systemdUser": false,
                    "rdma": .bool(layout?.controllers["rdma"] != nil || layout?.mode == .v2),
                ],
                "seccomp": [
                    "enabled": true,
                    "actions": texts([
                        "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_TRACE",
                        "SCMP_ACT_TRAP",
                    ]),
                    "operators": texts([
                        "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE",
                    ]),
                    "archs": texts([native]),
                    "knownFlags": texts(flags), "supportedFlags": texts(flags),
                ],
                "apparmor": ["enabled": .bool(AppArmor.isEnabled)], "selinux": ["enabled": .bool(isSELinux)],
                "intelRdt": ["enabled": false], "netDevices": ["enabled": true],
                "memoryPolicy": ["modes": texts(MemoryPolicy.modes.map(\.name)), "flags": texts(MemoryPolicy.flags.map(\.name))],
                "mountExtensions": ["idmap": ["enabled": true]],
            ],
            "annotations": [:],
            "potentiallyUnsafeConfigAnnotations": texts(annotations),
        ]
    }

    #if arch(x86_64)
        private static let native = "SCMP_ARCH_X86_64"
    #else
        private static let native = "SCMP_ARCH_AARCH64"
    #endif

    private static let flags = [
        "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ]

    /// What this runtime acts on, so that engines pass it on only from who may decide it; what ends in a dot is a prefix.
    private static let annotations = ["run.oci.hooks.", "run.oci.keep_original_groups", "run.oci.pidfd_receiver"]

    private static var mountOptions: [String] {
        let plain = Array(MountConfiguration.attributes.keys)
        let below = MountConfiguration.attributes.filter { $0.value.bit != 0 }.keys.map { "r\($0)" }
        return
            (plain + below + MountConfiguration.propagations.keys + MountConfiguration.others.keys + [
                "defaults", "sync", "async", "dirsync", "mand", "nomand", "lazytime",
            ])
            .sorted()
    }

    private static func texts(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
}
