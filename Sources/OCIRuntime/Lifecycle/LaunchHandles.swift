internal import CLinux
internal import Glibc
internal import LinuxKernel

/// The descriptors that a new process gets, and their other ends.
struct LaunchHandles: ~Copyable {
    private var console: CInt = -1
    private var cgroup: CInt = -1
    private var fifo: CInt = -1
    private var theirs: CInt = -1
    private let entered: ContainerCgroup?

    var clonesIntoCgroup: Bool { cgroup >= 0 }

    init(_ consoleSocket: String?, cgroup: ContainerCgroup?, hasTerminal: Bool) throws(OCIError) {
        entered = cgroup
        if let consoleSocket, hasTerminal {
            console = try OCIError.attempt("connect to the console socket \(consoleSocket)") { () throws(SystemError) in try Self.connect(consoleSocket) }
        }
        if let cgroup, cgroup.isVersion2, let directory = cgroup.hierarchies.first?.directory {
            self.cgroup = try OCIError.attempt("open the cgroup") { () throws(SystemError) in
                try FileDescriptor.open(directory, O_RDONLY | O_DIRECTORY).release()
            }
        }
    }

    deinit { for fd in [console, cgroup, fifo, theirs] where fd >= 0 { close(fd) } }

    /// A path of any length: what an address has no room for is reached through a descriptor of its folder.
    static func connect(_ path: String) throws(SystemError) -> CInt {
        guard path.utf8.count > 100 else { return try UnixSocket.connect(path, kind: .stream).release() }
        let folder = try FileDescriptor.open(FileSystem.directory(of: path), CInt(KD_O_PATH) | O_DIRECTORY)
        return try UnixSocket.connect("/proc/self/fd/\(folder.raw)/\(FileSystem.name(of: path))", kind: .stream).release()
    }

    /// What `start` writes to. Its reading end is open before anybody knows of it.
    mutating func makeFifo(_ path: String) throws(OCIError) {
        fifo = try OCIError.attempt("make \(path)") { () throws(SystemError) in
            try SystemError.check("mkfifo", path) { kd_oci_mkfifo(path) }
            return try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK).release()
        }
    }

    /// Adds them to a plan; returns this side of the conversation.
    mutating func add(to plan: inout OCIPlan) throws(OCIError) -> FileDescriptor {
        let (ours, theirs) = try OCIError.attempt("make a socket") { () throws(SystemError) in try UnixSocket.pair(.sequencedPacket) }
        self.theirs = theirs
        plan.number(KD_OCI_SYNC, theirs)
        if fifo >= 0 { plan.number(KD_OCI_FIFO, fifo) }
        if console >= 0 { plan.number(KD_OCI_CONSOLE, console) }
        if cgroup >= 0 { plan.number(KD_OCI_CGROUP, cgroup) }
        return FileDescriptor(ours)
    }

    mutating func closeChildEnds() {
        for fd in [console, theirs, fifo] where fd >= 0 { close(fd) }
        (console, theirs, fifo) = (-1, -1, -1)
    }

    /// v1: a process enters by itself, which is much cheaper, unless a new user namespace takes its right to.
    static func entersByItself(_ cgroup: ContainerCgroup, makesUserNamespace: Bool) -> Bool { !cgroup.isVersion2 && !makesUserNamespace }
}
