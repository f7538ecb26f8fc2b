/// A system call that a container may make only with certain capabilities, or not at all.
struct GatedSystemCall: Sendable {
    let name: String
    /// Numbers on x86_64 and on the generic table (aarch64); nil where the call does not exist.
    let x86: UInt32?
    let generic: UInt32?
    /// Any of these opens the gate; empty: never.
    let capabilities: [String]

    init(_ name: String, _ x86: UInt32?, _ generic: UInt32?, _ capabilities: [String]) {
        self.name = name
        self.x86 = x86
        self.generic = generic
        self.capabilities = capabilities
    }
}

/// What the built-in profile withholds; everything else up to `newest` is allowed. Follows Docker's default profile
/// (moby/profiles seccomp/default.json); numbers from the kernel's unistd headers.
enum SeccompTable {
    /// The highest number known here (`file_setattr`); later calls answer ENOSYS, so that programs fall back.
    static let newest: UInt32 = 469

    static let cloneNumbers: (x86: UInt32, generic: UInt32) = (56, 220)
    static let socketNumbers: (x86: UInt32, generic: UInt32) = (41, 198)
    static let personalityNumbers: (x86: UInt32, generic: UInt32) = (135, 92)

    static let gated: [GatedSystemCall] = [
        GatedSystemCall("_sysctl", 156, nil, []),
        GatedSystemCall("acct", 163, 89, ["SYS_PACCT"]),
        GatedSystemCall("add_key", 248, 217, []),
        GatedSystemCall("afs_syscall", 183, nil, []),
        GatedSystemCall("bpf", 321, 280, ["SYS_ADMIN", "BPF"]),
        GatedSystemCall("chroot", 161, 51, ["SYS_CHROOT"]),
        GatedSystemCall("clock_adjtime", 305, 266, ["SYS_TIME"]),
        GatedSystemCall("clock_settime", 227, 112, ["SYS_TIME"]),
        GatedSystemCall("clone3", 435, 435, ["SYS_ADMIN"]),
        GatedSystemCall("create_module", 174, nil, []),
        GatedSystemCall("delete_module", 176, 106, ["SYS_MODULE"]),
        GatedSystemCall("epoll_ctl_old", 214, nil, []),
        GatedSystemCall("epoll_wait_old", 215, nil, []),
        GatedSystemCall("fanotify_init", 300, 262, ["SYS_ADMIN"]),
        GatedSystemCall("finit_module", 313, 273, ["SYS_MODULE"]),
        GatedSystemCall("fsconfig", 431, 431, ["SYS_ADMIN"]),
        GatedSystemCall("fsmount", 432, 432, ["SYS_ADMIN"]),
        GatedSystemCall("fsopen", 430, 430, ["SYS_ADMIN"]),
        GatedSystemCall("fspick", 433, 433, ["SYS_ADMIN"]),
        GatedSystemCall("get_kernel_syms", 177, nil, []),
        GatedSystemCall("get_mempolicy", 239, 236, ["SYS_NICE"]),
        GatedSystemCall("getpmsg", 181, nil, []),
        GatedSystemCall("init_module", 175, 105, ["SYS_MODULE"]),
        GatedSystemCall("io_uring_enter", 426, 426, []),
        GatedSystemCall("io_uring_register", 427, 427, []),
        GatedSystemCall("io_uring_setup", 425, 425, []),
        GatedSystemCall("ioperm", 173, nil, ["SYS_RAWIO"]),
        GatedSystemCall("iopl", 172, nil, ["SYS_RAWIO"]),
        GatedSystemCall("kcmp", 312, 272, ["SYS_PTRACE"]),
        GatedSystemCall("kexec_file_load", 320, 294, []),
        GatedSystemCall("kexec_load", 246, 104, []),
        GatedSystemCall("keyctl", 250, 219, []),
        GatedSystemCall("lookup_dcookie", 212, 18, ["SYS_ADMIN"]),
        GatedSystemCall("lsm_get_self_attr", 459, 459, ["SYS_ADMIN"]),
        GatedSystemCall("lsm_list_modules", 461, 461, ["SYS_ADMIN"]),
        GatedSystemCall("lsm_set_self_attr", 460, 460, ["SYS_ADMIN"]),
        GatedSystemCall("mbind", 237, 235, ["SYS_NICE"]),
        GatedSystemCall("migrate_pages", 256, 238, []),
        GatedSystemCall("mount", 165, 40, ["SYS_ADMIN"]),
        GatedSystemCall("mount_setattr", 442, 442, ["SYS_ADMIN"]),
        GatedSystemCall("move_mount", 429, 429, ["SYS_ADMIN"]),
        GatedSystemCall("move_pages", 279, 239, []),
        GatedSystemCall("nfsservctl", 180, 42, []),
        GatedSystemCall("open_by_handle_at", 304, 265, ["DAC_READ_SEARCH"]),
        GatedSystemCall("open_tree", 428, 428, ["SYS_ADMIN"]),
        GatedSystemCall("open_tree_attr", 467, 467, ["SYS_ADMIN"]),
        GatedSystemCall("perf_event_open", 298, 241, ["SYS_ADMIN", "PERFMON"]),
        GatedSystemCall("pidfd_getfd", 438, 438, ["SYS_PTRACE"]),
        GatedSystemCall("pivot_root", 155, 41, []),
        GatedSystemCall("putpmsg", 182, nil, []),
        GatedSystemCall("query_module", 178, nil, []),
        GatedSystemCall("quotactl", 179, 60, ["SYS_ADMIN"]),
        GatedSystemCall("quotactl_fd", 443, 443, ["SYS_ADMIN"]),
        GatedSystemCall("reboot", 169, 142, ["SYS_BOOT"]),
        GatedSystemCall("request_key", 249, 218, []),
        GatedSystemCall("security", 185, nil, []),
        GatedSystemCall("set_mempolicy", 238, 237, ["SYS_NICE"]),
        GatedSystemCall("set_mempolicy_home_node", 450, 450, ["SYS_NICE"]),
        GatedSystemCall("setdomainname", 171, 162, ["SYS_ADMIN"]),
        GatedSystemCall("sethostname", 170, 161, ["SYS_ADMIN"]),
        GatedSystemCall("setns", 308, 268, ["SYS_ADMIN"]),
        GatedSystemCall("settimeofday", 164, 170, ["SYS_TIME"]),
        GatedSystemCall("swapoff", 168, 225, []),
        GatedSystemCall("swapon", 167, 224, []),
        GatedSystemCall("sysfs", 139, nil, []),
        GatedSystemCall("syslog", 103, 116, ["SYS_ADMIN", "SYSLOG"]),
        GatedSystemCall("tuxcall", 184, nil, []),
        GatedSystemCall("umount2", 166, 39, ["SYS_ADMIN"]),
        GatedSystemCall("unshare", 272, 97, ["SYS_ADMIN"]),
        GatedSystemCall("uselib", 134, nil, []),
        GatedSystemCall("userfaultfd", 323, 282, []),
        GatedSystemCall("ustat", 136, nil, []),
        GatedSystemCall("vhangup", 153, 58, ["SYS_TTY_CONFIG"]),
        GatedSystemCall("vserver", 236, nil, []),
    ]
}
