import APIMachinery
import CLinux
import Glibc
import KubeClient
import LinuxKernel
import Synchronization

/// A container as it was found, to be looked into from a thread of its own.
struct ContainerPlace: Sendable {
    let target: ContainerTarget
    /// Its first process as the machine numbers it; nil for one that has ended.
    let pid: Int32?
    /// That process.
    let handle: ProcessHandle?
    let cgroup: String?
    /// What one that has ended has left, the uppermost first.
    let layers: [String]
    /// A directory that its layers may be mounted at.
    let mount: String

    /// Its first process. Throws for one that has ended.
    func first() throws(APIStatus) -> Int32 {
        guard let pid else { throw .badRequest("container \(target.container) of pod \(target.pod) does not run") }
        return pid
    }

    func root() throws(APIStatus) -> ContainerRoot {
        do throws(SystemError) {
            guard let pid else { return try ContainerRoot.ended(layers: layers, mountedAt: mount) }
            let root = try ContainerRoot.running(pid: pid)
            guard handle?.isThere == true else { throw SystemError(call: "open", errno: ESRCH, arguments: "/proc/\(pid)/root") }
            return root
        } catch {
            switch error.errno {
            case ENOENT, ESRCH: throw .badRequest("container \(target.container) of pod \(target.pod) has just ended")
            case EPERM where pid == nil, EACCES where pid == nil:
                throw .badRequest("container \(target.container) of pod \(target.pod) does not run, and a node without root cannot join its layers")
            default: throw error.fileStatus
            }
        }
    }

    func table() throws(APIStatus) -> ProcessTable { ProcessTable(first: try first(), cgroup: cgroup) }

    func entries() throws(APIStatus) -> [ProcessTable.Entry] {
        let table = try table()
        let root = try root()
        do throws(SystemError) { return try table.entries(root) } catch { throw error.fileStatus }
    }
}

/// A process that a descriptor stands for, so that its number means no other one while it lives.
final class ProcessHandle: Sendable {
    private let descriptor: FileDescriptor

    /// A process of the machine.
    init(_ pid: Int32) throws(SystemError) {
        descriptor = FileDescriptor(try SystemError.check("pidfd_open", "\(pid)") { kd_pidfd_open(pid) })
    }

    /// Whether it has not been reaped yet.
    var isThere: Bool { kd_pidfd_send_signal(descriptor.raw, 0) == 0 || errno != ESRCH }
}

/// Bytes on their way into a container, in a file without a name.
final class UploadFile: Sendable {
    let file: FileDescriptor
    private let written = Mutex<Int64>(0)

    /// An empty file in the file system of a directory.
    init(in directory: String) throws(SystemError) { file = try FileDescriptor.open(directory, O_RDWR | CInt(KD_O_TMPFILE), mode: 0o600) }

    var count: Int64 { written.withLock(\.self) }

    /// Adds bytes. Blocks; one at a time.
    func append(_ bytes: [UInt8]) throws(SystemError) {
        try file.writeAll(bytes)
        written.withLock { $0 += Int64(bytes.count) }
    }
}
