package import LinuxKernel

/// Something mounted into a container.
package struct Mount: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A directory or file of the node.
        case bind
        /// Memory, at most this large; nil is half the machine's memory.
        case temporary(ByteCount?)
    }

    package enum Propagation: Sendable, Hashable {
        /// Later mounts stay on their side. Kubernetes' `None`.
        case `private`
        /// Later mounts of the node appear in the container. `HostToContainer`.
        case fromNode
        /// Also the other way. `Bidirectional`, privileged containers only.
        case both
    }

    /// What a missing source becomes.
    package enum Creation: Sendable, Hashable { case directory, file }

    package var kind: Kind
    /// The node's path; unused for `temporary`.
    package var source: String
    /// Below `source`, resolved without ever leaving it; symbolic links that lead out are an error. Empty: `source` itself.
    package var subPath: String
    /// Absolute path in the container; missing parts are created.
    package var target: String
    package var isReadOnly: Bool
    /// Whether `isReadOnly` also holds for what is mounted below `source`. Kubernetes' `recursiveReadOnly`. Default false.
    package var isReadOnlyBelow: Bool
    /// Includes what is mounted below `source`.
    package var isRecursive: Bool
    package var propagation: Propagation
    /// Makes a missing source, seen from inside the node (`hostPath` types `DirectoryOrCreate` and `FileOrCreate`). Default nil: an error.
    package var creation: Creation?
    /// The file type the source must have, as in `st_mode & S_IFMT` (`hostPath.type`). Default nil: any.
    package var requiredType: UInt32?
    /// The source already shows itself to the sandbox's own users, as what cannot be mapped a second time. Default false.
    package var isMapped: Bool

    package init(
        kind: Kind = .bind, source: String, subPath: String = "", target: String, isReadOnly: Bool = false, isReadOnlyBelow: Bool = false,
        isRecursive: Bool = true, propagation: Propagation = .private, creation: Creation? = nil, requiredType: UInt32? = nil,
        isMapped: Bool = false
    ) {
        self.kind = kind
        self.source = source
        self.subPath = subPath
        self.target = target
        self.isReadOnly = isReadOnly
        self.isReadOnlyBelow = isReadOnlyBelow
        self.isRecursive = isRecursive
        self.propagation = propagation
        self.creation = creation
        self.requiredType = requiredType
        self.isMapped = isMapped
    }
}

/// Where a container's output goes.
package struct LogSpec: Sendable, Hashable {
    /// The node's path of the current file, for example `/var/log/pods/<…>/0.log`; rotated ones are `0.log.1` (newest) and up.
    package var path: String
    /// Size at which the file is rotated. Default 10 MiB.
    package var maximumSize: ByteCount
    /// How many files there are at most, the current one included; at least 1. Default 5.
    package var maximumFiles: Int

    package init(path: String, maximumSize: ByteCount = .mebibytes(10), maximumFiles: Int = 5) {
        self.path = path
        self.maximumSize = maximumSize
        self.maximumFiles = maximumFiles
    }
}

/// A container to start: one flat description, all paths as the node sees them.
package struct ContainerSpec: Sendable, Hashable {
    /// Unique in the node for each start (a restart is a new id); at most 63 of `[A-Za-z0-9._-]`.
    package var id: String
    /// The sandbox made by `createSandbox`.
    package var sandboxID: String
    /// Unpacked image layers, the topmost first.
    package var layers: [String]
    /// Takes the container's writes; exists, empty.
    package var upperDirectory: String
    /// Overlay's work directory; exists, empty, on the same file system as `upperDirectory`.
    package var workDirectory: String
    package var hasReadOnlyRoot: Bool
    package var process: ProcessSpec
    package var mounts: [Mount]
    package var cgroup: CgroupPlacement
    /// Nil: the output is discarded.
    package var log: LogSpec?
    /// Keeps standard input open for `attach`; otherwise it is /dev/null.
    package var hasOpenInput: Bool
    /// A running container of the same sandbox, whose processes this one sees and is among; nil: as the sandbox says.
    package var processesOf: String?
    /// No masked or read-only paths, /sys writable. The process spec says what else a privileged container has.
    package var isPrivileged: Bool
    /// No masked or read-only paths: for sandboxes with users of their own, who can do no harm there. Kubernetes' `procMount: Unmasked`.
    package var isUnmasked: Bool

    package init(
        id: String, sandboxID: String, layers: [String], upperDirectory: String, workDirectory: String,
        hasReadOnlyRoot: Bool = false, process: ProcessSpec, mounts: [Mount] = [], cgroup: CgroupPlacement,
        log: LogSpec? = nil, hasOpenInput: Bool = false, processesOf: String? = nil, isPrivileged: Bool = false, isUnmasked: Bool = false
    ) {
        self.id = id
        self.sandboxID = sandboxID
        self.layers = layers
        self.upperDirectory = upperDirectory
        self.workDirectory = workDirectory
        self.hasReadOnlyRoot = hasReadOnlyRoot
        self.process = process
        self.mounts = mounts
        self.cgroup = cgroup
        self.log = log
        self.hasOpenInput = hasOpenInput
        self.processesOf = processesOf
        self.isPrivileged = isPrivileged
        self.isUnmasked = isUnmasked
    }
}
