internal import CLinux
internal import Glibc

/// What a starting supervisor is told.
enum BootPlan {
    static func bytes(for configuration: NodeSupervisorConfiguration) throws(RuntimeError) -> [UInt8] {
        var writer = PlanWriter()
        try writer.text(KD_ROOT, configuration.rootDirectory)
        try writer.text(KD_RUN, configuration.runDirectory)
        try writer.text(KD_STATE, configuration.stateDirectory)
        try writer.text(KD_HOSTNAME, String(configuration.nodeName.prefix(63)))
        try writer.text(KD_BUILD, configuration.build)
        let isVersion2 = configuration.cgroups?.version == .v2
        writer.number(KD_FLAGS, (configuration.isRootless ? Int(KD_BOOT_ROOTLESS) : 0) | (isVersion2 ? Int(KD_BOOT_CGROUP2) : 0))
        writer.number(KD_OWNER, geteuid())
        guard configuration.binds.count <= 32 else { throw RuntimeError(.invalid, "a node has at most 32 shared directories") }
        for bind in configuration.binds {
            try writer.record(KD_BIND) { inner throws(RuntimeError) in
                try inner.text(KD_SOURCE, bind.source)
                try inner.text(KD_TARGET, try ContainerPlan.normalized(bind.target))
                inner.number(KD_FLAGS, bind.isReadOnly ? Int(KD_MOUNT_READ_ONLY) : 0)
            }
        }
        for hierarchy in configuration.cgroups?.hierarchies ?? [] {
            try writer.record(KD_HIERARCHY) { inner throws(RuntimeError) in
                try inner.text(KD_OPTIONS, hierarchy.options)
                try inner.text(KD_ENTER, "\(hierarchy.base)/cgroup.procs")
                try inner.text(KD_LEAF, "\(hierarchy.base)/supervisor/cgroup.procs")
            }
        }
        return writer.bytes
    }
}
