internal import Glibc
internal import JSONCore
internal import LinuxKernel

/// `spec`: a configuration to begin with.
enum SpecCommand {
    static let options: [CommandArguments.Option] = [.value("bundle", "b", "DIR", does: "where to"), .flag("rootless", does: "for an ordinary user")]

    static func run(_ arguments: ArraySlice<String>) throws(OCIError) -> CInt {
        let parsed = try CommandArguments(arguments, options)
        let path = "\(parsed.last("bundle") ?? ".")/config.json"
        let text = JSON.encode(document(isRootless: parsed.has("rootless"), user: geteuid(), group: getegid()), pretty: true) + [10]
        do throws(SystemError) {
            try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644).writeAll(text)
        } catch {
            guard error.errno == EEXIST else { throw OCIError(.system, "cannot write \(path)", cause: error) }
            throw OCIError(.alreadyExists, "\(path) exists already; move it away first")
        }
        return 0
    }

    /// What runc and crun write, too.
    static func document(isRootless: Bool, user: uid_t, group: gid_t) -> JSONValue {
        let capabilities: JSONValue = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
        var document: JSONValue = [
            "ociVersion": .string(OCIVersion.oldest),
            "process": [
                "terminal": true, "user": ["uid": 0, "gid": 0], "args": ["sh"],
                "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"], "cwd": "/",
                "capabilities": ["bounding": capabilities, "effective": capabilities, "permitted": capabilities],
                "rlimits": [["type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024]], "noNewPrivileges": true,
            ],
            "root": ["path": "rootfs", "readonly": true], "hostname": "kdash",
            "mounts": .array(mounts(isRootless: isRootless)),
            "linux": [
                "namespaces": [["type": "pid"], ["type": "ipc"], ["type": "uts"], ["type": "mount"], ["type": "cgroup"]],
                "maskedPaths": [
                    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                    "/proc/sched_debug",
                    "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi", "/proc/interrupts",
                ],
                "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            ],
        ]
        var namespaces = document["linux", "namespaces"]?.arrayValue ?? []
        if isRootless {
            namespaces.append(["type": "user"])
            document["linux", "uidMappings"] = [["containerID": 0, "hostID": .integer(Int64(user)), "size": 1]]
            document["linux", "gidMappings"] = [["containerID": 0, "hostID": .integer(Int64(group)), "size": 1]]
        } else {
            namespaces.append(["type": "network"])
            document["linux", "resources"] = ["devices": [["allow": false, "access": "rwm"]]]
        }
        document["linux", "namespaces"] = .array(namespaces)
        return document
    }

    private static func mounts(isRootless: Bool) -> [JSONValue] {
        func mount(_ destination: String, _ type: String, _ source: String, _ options: [String]) -> JSONValue {
            [
                "destination": .string(destination), "type": .string(type), "source": .string(source), "options": .array(options.map { .string($0) }),
            ]
        }
        let sys =
            isRootless
            ? mount("/sys", "none", "/sys", ["rbind", "nosuid", "noexec", "nodev", "ro"])
            : mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"])
        return [
            mount("/proc", "proc", "proc", []), mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] + (isRootless ? [] : ["gid=5"])),
            mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
            mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]), sys,
            mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
        ]
    }
}
