/// Whom a process runs as; numbers only, names are resolved against the image by the caller.
package struct ProcessUser: Sendable, Hashable {
    package var uid: UInt32
    package var gid: UInt32
    /// Exactly these supplementary groups are set, also when empty.
    package var supplementalGroups: [UInt32]

    package init(uid: UInt32 = 0, gid: UInt32 = 0, supplementalGroups: [UInt32] = []) {
        self.uid = uid
        self.gid = gid
        self.supplementalGroups = supplementalGroups
    }
}

/// Which system calls a process may make.
package enum SeccompPolicy: Sendable, Hashable {
    /// The built-in profile, shaped like Docker's default.
    case runtimeDefault
    /// A filter of the user's own: the bytes of ``SeccompRules/program()``.
    case program([UInt8])
    /// No filter.
    case unconfined
}

/// One resource limit of setrlimit(2).
package struct ResourceLimit: Sendable, Hashable {
    /// Number of the resource, for example `RLIMIT_NOFILE`.
    package var resource: Int32
    package var soft: UInt64
    package var hard: UInt64

    package init(resource: Int32, soft: UInt64, hard: UInt64) {
        self.resource = resource
        self.soft = soft
        self.hard = hard
    }

    /// The files a process may open: soft 1024 as on a plain system, hard 524288 for programs that ask for more.
    package static let defaultOpenFiles = ResourceLimit(resource: 7, soft: 1024, hard: 524_288)
}

/// A program to run in a container and everything it inherits.
package struct ProcessSpec: Sendable, Hashable {
    /// The program and its arguments; the first is looked up in the PATH of `environment` when it has no slash.
    package var arguments: [String]
    /// `NAME=value` entries in order.
    package var environment: [String]
    /// Absolute; created in the container when missing.
    package var workingDirectory: String
    package var user: ProcessUser
    /// Bounding, permitted and effective set; inheritable and ambient stay empty.
    package var capabilities: Capabilities
    /// Setuid programs gain nothing: the negation of `allowPrivilegeEscalation`.
    package var noNewPrivileges: Bool
    package var seccomp: SeccompPolicy
    /// The AppArmor profile that confines it, which the kernel has to have; nil confines as the node's supervisor is, by nothing.
    package var appArmorProfile: String?
    package var limits: [ResourceLimit]
    /// -1000 … 1000. A value the kernel refuses (no CAP_SYS_RESOURCE) is skipped.
    package var oomScoreAdjust: Int32
    /// Runs on a terminal of the container's own devpts.
    package var hasTerminal: Bool
    /// First size of the terminal.
    package var terminalSize: TerminalSize

    package init(
        arguments: [String], environment: [String] = [], workingDirectory: String = "/", user: ProcessUser = ProcessUser(),
        capabilities: Capabilities = .containerDefault, noNewPrivileges: Bool = false,
        seccomp: SeccompPolicy = .runtimeDefault, appArmorProfile: String? = nil, limits: [ResourceLimit] = [.defaultOpenFiles], oomScoreAdjust: Int32 = 0,
        hasTerminal: Bool = false, terminalSize: TerminalSize = TerminalSize()
    ) {
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.capabilities = capabilities
        self.noNewPrivileges = noNewPrivileges
        self.seccomp = seccomp
        self.appArmorProfile = appArmorProfile
        self.limits = limits
        self.oomScoreAdjust = oomScoreAdjust
        self.hasTerminal = hasTerminal
        self.terminalSize = terminalSize
    }
}

/// Columns and rows of a terminal; 0 means unknown.
package struct TerminalSize: Sendable, Hashable {
    package var columns: UInt16
    package var rows: UInt16
    package init(columns: UInt16 = 0, rows: UInt16 = 0) {
        self.columns = columns
        self.rows = rows
    }
}
