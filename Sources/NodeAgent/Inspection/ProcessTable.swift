import APIMachinery
import CLinux
import Glibc
import KubeClient
import LinuxKernel

/// The processes of a container, from the machine's /proc. Blocks.
struct ProcessTable {
    /// The container's first process, as the machine numbers it.
    let first: Int32
    /// The end of the path of the container's cgroup; nil where the node has no cgroups, and processes are told by their pid namespace.
    let cgroup: String?

    /// One process with its number on the machine.
    struct Entry {
        let outside: Int32
        let process: ContainerProcess
    }

    private static let ticksPerSecond = Int64(max(1, sysconf(CInt(_SC_CLK_TCK))))
    private static let pageSize = Int64(max(1, sysconf(CInt(_SC_PAGESIZE))))

    /// The processes, by number; at most one more than are shown.
    func entries(_ root: borrowing ContainerRoot) throws(SystemError) -> [Entry] {
        let proc = try FileDescriptor.open("/proc", O_RDONLY | O_DIRECTORY)
        let namespace = Self.link("/proc/\(first)/ns/pid")
        let reading = Reading(names: Self.names(root), map: Self.text("/proc/\(first)/uid_map"), boot: Self.bootTime())
        var entries: [Entry] = []
        for entry in try DirectoryEntry.all(in: proc) {
            guard let pid = Int32(entry.name), pid > 0, holds(pid, namespace), let process = Self.read(pid, reading) else { continue }
            entries.append(Entry(outside: pid, process: process))
            if entries.count > ContainerProcesses.maximumCount { break }
        }
        return entries.sorted { $0.process.pid < $1.process.pid }
    }

    /// Whether a process is of the container.
    private func holds(_ pid: Int32, _ namespace: String?) -> Bool {
        guard let cgroup else { return namespace != nil && Self.link("/proc/\(pid)/ns/pid") == namespace }
        return Self.text("/proc/\(pid)/cgroup").split(separator: "\n").contains { line in
            // A container may have made cgroups below its own.
            line.hasSuffix(cgroup) || line.contains("\(cgroup)/")
        }
    }

    private struct Reading {
        let names: [UInt32: String]
        let map: String
        let boot: Int64
    }

    /// Nil for a process that has ended meanwhile.
    private static func read(_ pid: Int32, _ reading: Reading) -> ContainerProcess? {
        let status = text("/proc/\(pid)/status")
        guard let facts = ProcessFacts(stat: text("/proc/\(pid)/stat")), let number = ProcessFacts.numbers(status: status).last else { return nil }
        let user = ProcessFacts.inside(ProcessFacts.user(status: status) ?? 0, map: reading.map)
        let parent = ProcessFacts.numbers(status: text("/proc/\(facts.parent)/status")).last ?? 0
        let words = bytes("/proc/\(pid)/cmdline", limit: 4096)
        let command = words.split(separator: 0).map { FilePath(bytes: $0).description }.joined(separator: " ")
        let (seconds, rest) = facts.started.quotientAndRemainder(dividingBy: UInt64(ticksPerSecond))
        let started = Timestamp(
            seconds: reading.boot &+ Int64(clamping: seconds), nanoseconds: Int32(clamping: Int64(rest) * 1_000_000_000 / ticksPerSecond))
        return ContainerProcess(
            pid: number, parent: parent, user: reading.names[user] ?? "\(user)", state: facts.state,
            cpuMilliseconds: facts.ticks.multipliedReportingOverflow(by: 1000).partialValue / ticksPerSecond,
            resident: ByteCount(max(0, facts.residentPages).multipliedReportingOverflow(by: pageSize).partialValue), threads: facts.threads,
            startedAt: started, startedTicks: facts.started, command: command.isEmpty ? "[\(FilePath(bytes: facts.name.utf8))]" : command)
    }

    /// Sends a signal to a process, if it is still the one that was seen.
    func signal(_ entry: Entry, _ signal: Int32) throws(APIStatus) {
        do throws(SystemError) {
            let outside = entry.outside
            // From here on the number means no other process.
            let handle = FileDescriptor(try SystemError.check("pidfd_open", "\(entry.process.pid)") { kd_pidfd_open(outside) })
            guard ProcessFacts(stat: Self.text("/proc/\(outside)/stat"))?.started == entry.process.startedTicks else {
                throw SystemError(call: "kill", errno: ESRCH, arguments: "\(entry.process.pid)")
            }
            let raw = handle.raw
            try SystemError.check("kill", "\(entry.process.pid)") { kd_pidfd_send_signal(raw, signal) }
        } catch {
            guard error.errno != ESRCH else { throw APIStatus(code: 404, reason: .notFound, message: "process \(entry.process.pid) has ended") }
            throw .badRequest("process \(entry.process.pid) cannot be signalled: \(error)")
        }
    }

    /// The inodes of the sockets that a process has open; not more than are looked at.
    static func sockets(of pid: Int32) -> [UInt64] {
        // best effort: a process that ends has none any more.
        guard let folder = try? FileDescriptor.open("/proc/\(pid)/fd", O_RDONLY | O_DIRECTORY) else { return [] }
        let entries = (try? DirectoryEntry.all(in: folder, limit: 65_536)) ?? []
        return entries.compactMap { entry in
            guard let link = link("/proc/\(pid)/fd/\(entry.name)"), link.hasPrefix("socket:["), link.hasSuffix("]") else { return nil }
            return UInt64(link.dropFirst(8).dropLast())
        }
    }

    private static func names(_ root: borrowing ContainerRoot) -> [UInt32: String] {
        // best effort: without a passwd file users are numbers.
        guard let path = FilePath("/etc/passwd"), let part = try? ContainerFiles.read(root, path, offset: 0, limit: 256 << 10) else { return [:] }
        return ProcessFacts.names(passwd: String(decoding: part.bytes, as: UTF8.self))
    }

    /// When the machine was started, in seconds since 1970.
    private static func bootTime() -> Int64 {
        let line = text("/proc/stat", limit: 4 << 20).split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int64($0.dropFirst(6)) } ?? 0
    }

    /// A file of the kernel's; empty for a process that has ended.
    static func text(_ path: String, limit: Int = 256 << 10) -> String { String(decoding: bytes(path, limit: limit), as: UTF8.self) }

    /// The start of a file of the kernel's, of any length.
    static func bytes(_ path: String, limit: Int) -> [UInt8] {
        // best effort: what cannot be read tells nothing.
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NONBLOCK) else { return [] }
        var bytes: [UInt8] = []
        while bytes.count < limit, let piece = try? file.read(maximum: min(limit - bytes.count, 64 << 10)), !piece.isEmpty { bytes += piece }
        return bytes
    }

    static func link(_ path: String) -> String? { try? FileSystem.readLink(path) }  // best effort: a process that has ended has none
}
