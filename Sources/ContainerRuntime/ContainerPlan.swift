internal import CLinux
internal import LinuxKernel

/// Turns specs into plan bytes; pure, so that what a container becomes can be tested without one.
enum ContainerPlan {
    /// Files of proc and sys that show or change the machine. Source: kubelet pkg/securitycontext/util.go.
    static let maskedPaths =
        [
            "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
            "/sys/devices/virtual/powercap",
        ] + thermalPaths(below: "/sys/devices/system/cpu")

    /// Counts of each processor's overheating, which tell of the neighbours' work; not every machine has them.
    static func thermalPaths(below directory: String) -> [String] {
        let names = (try? FileSystem.names(in: directory)) ?? []  // best effort: without the directory there is nothing to hide
        return names.filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }.sorted().map { "\(directory)/\($0)/thermal_throttle" }
            .filter { FileSystem.exists($0) }
    }
    /// Source: kubelet pkg/securitycontext/util.go.
    static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    /// Privileged containers too: these settings belong to the whole machine, which is not the node.
    static let privilegedReadOnlyPaths = [
        "/proc/sysrq-trigger", "/proc/sys/abi", "/proc/sys/debug", "/proc/sys/dev", "/proc/sys/fs", "/proc/sys/kernel",
        "/proc/sys/user", "/proc/sys/vm",
    ]

    static func bytes(for spec: ContainerSpec) throws(RuntimeError) -> [UInt8] {
        guard !spec.layers.isEmpty else { throw RuntimeError(.invalid, "container \(spec.id) has no image layer") }
        var writer = PlanWriter()
        try writer.text(KD_ID, try validated(id: spec.id))
        try writer.text(KD_SANDBOX, try validated(id: spec.sandboxID))
        try writer.text(KD_CGROUP, spec.cgroup.path)
        try write(spec.process, flags: flags(of: spec), to: &writer)
        for layer in spec.layers { try writer.text(KD_LAYER, layer) }
        try writer.text(KD_UPPER, spec.upperDirectory)
        try writer.text(KD_WORK, spec.workDirectory)
        if let target = spec.processesOf { try writer.text(KD_PROCESSES, try validated(id: target)) }
        for mount in spec.mounts.sorted(by: { depth(of: $0.target) < depth(of: $1.target) }) { try write(mount, to: &writer) }
        for path in spec.isPrivileged || spec.isUnmasked ? [] : maskedPaths { try writer.text(KD_MASK, path) }
        for path in spec.isUnmasked ? [] : spec.isPrivileged ? privilegedReadOnlyPaths : readOnlyPaths { try writer.text(KD_READ_ONLY, path) }
        if let log = spec.log { try write(log, to: &writer) }
        return writer.bytes
    }

    static func bytes(for spec: ExecSpec, id: String) throws(RuntimeError) -> [UInt8] {
        var writer = PlanWriter()
        try writer.text(KD_ID, try validated(id: id))
        try writer.text(KD_SANDBOX, try validated(id: spec.containerID))
        try writer.text(KD_CGROUP, spec.cgroup.path)
        try write(spec.process, flags: 0, to: &writer)
        return writer.bytes
    }

    /// The id itself when the supervisor will take it.
    static func validated(id: String) throws(RuntimeError) -> String {
        let isValid =
            (1..<64).contains(id.utf8.count) && id.utf8.first != UInt8(ascii: ".")
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        guard isValid else { throw RuntimeError(.invalid, "\"\(id)\" is no id: 1 to 63 of [A-Za-z0-9._-], not starting with a dot") }
        return id
    }

    private static func flags(of spec: ContainerSpec) -> Int {
        (spec.hasReadOnlyRoot ? Int(KD_READ_ONLY_ROOT) : 0) | (spec.isPrivileged ? Int(KD_WRITABLE_SYS) : 0)
            | (spec.hasOpenInput ? Int(KD_HAS_INPUT) : 0)
    }

    private static func write(_ process: ProcessSpec, flags: Int, to writer: inout PlanWriter) throws(RuntimeError) {
        guard let program = process.arguments.first, !program.isEmpty else { throw RuntimeError(.invalid, "no command is given") }
        for argument in process.arguments { try writer.text(KD_ARGUMENT, argument) }
        for variable in process.environment { try writer.text(KD_VARIABLE, variable) }
        let directory = process.workingDirectory.isEmpty ? "/" : process.workingDirectory
        guard directory.utf8.first == UInt8(ascii: "/") else {
            throw RuntimeError(.invalid, "the working directory \(directory) is not absolute")
        }
        try writer.text(KD_DIRECTORY, directory)
        writer.number(KD_UID, process.user.uid)
        writer.number(KD_GID, process.user.gid)
        for group in process.user.supplementalGroups { writer.number(KD_GROUP, group) }
        writer.number(KD_CAPABILITIES, process.capabilities.rawValue)
        switch process.seccomp {
        case .runtimeDefault: writer.field(KD_FILTER, SeccompProfile.runtimeDefault(for: process.capabilities))
        case .program(let bytes): writer.field(KD_FILTER, bytes)
        case .unconfined: break
        }
        if let profile = process.appArmorProfile { try writer.text(KD_PROFILE, profile) }
        for limit in process.limits {
            writer.numbers(KD_LIMIT, [UInt64(truncatingIfNeeded: limit.resource), limit.soft, limit.hard])
        }
        writer.number(KD_OOM_SCORE, process.oomScoreAdjust)
        writer.number(KD_TERMINAL, pack(process.terminalSize))
        let own = (process.noNewPrivileges ? Int(KD_NO_NEW_PRIVILEGES) : 0) | (process.hasTerminal ? Int(KD_HAS_TERMINAL) : 0)
        writer.number(KD_FLAGS, flags | own)
    }

    static func pack(_ size: TerminalSize) -> UInt64 { UInt64(size.columns) << 16 | UInt64(size.rows) }

    private static func write(_ mount: Mount, to writer: inout PlanWriter) throws(RuntimeError) {
        let target = try normalized(mount.target)
        guard target != "/", target != "/proc", !target.hasPrefix("/proc/"), target != "/sys", target != "/dev" else {
            throw RuntimeError(.invalid, "nothing can be mounted over \(target)")
        }
        try writer.record(KD_MOUNT) { inner throws(RuntimeError) in
            var flags = (mount.isReadOnly ? Int(KD_MOUNT_READ_ONLY) : 0) | (mount.isReadOnlyBelow ? Int(KD_MOUNT_READ_ONLY_BELOW) : 0)
            flags |= (mount.isRecursive ? Int(KD_MOUNT_RECURSIVE) : 0) | (mount.isMapped ? Int(KD_MOUNT_MAPPED) : 0)
            switch mount.propagation {
            case .private: break
            case .fromNode: flags |= Int(KD_MOUNT_FROM_NODE)
            case .both: flags |= Int(KD_MOUNT_BOTH)
            }
            switch mount.kind {
            case .bind:
                try inner.text(KD_SOURCE, try normalized(mount.source))
                try inner.text(KD_SUBPATH, mount.subPath)
                if let type = mount.requiredType { inner.number(KD_TYPE, type) }
                switch mount.creation {
                case .directory: flags |= Int(KD_MOUNT_MAKE_DIRECTORY)
                case .file: flags |= Int(KD_MOUNT_MAKE_FILE)
                case nil: break
                }
            case .temporary(let size):
                flags |= Int(KD_MOUNT_TEMPORARY)
                inner.number(KD_SIZE, max(0, size?.value ?? 0))
            }
            try inner.text(KD_TARGET, target)
            inner.number(KD_FLAGS, flags)
        }
    }

    private static func write(_ log: LogSpec, to writer: inout PlanWriter) throws(RuntimeError) {
        try writer.record(KD_LOG) { inner throws(RuntimeError) in
            try inner.text(KD_PATH, log.path)
            inner.number(KD_SIZE, max(log.maximumSize.value, Int64(smallestLog)))
            inner.number(KD_FILES, min(max(log.maximumFiles, 1), 1000))
        }
    }

    /// The smallest useful log file holds two of the longest records.
    private static let smallestLog = 32768

    /// An absolute path without `.`, `..` and doubled slashes.
    static func normalized(_ path: String) throws(RuntimeError) -> String {
        guard path.utf8.first == UInt8(ascii: "/") else { throw RuntimeError(.invalid, "the path \(path) is not absolute") }
        var parts: [Substring] = []
        for part in path.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private static func depth(of path: String) -> Int { path.split(separator: "/").count }
}
