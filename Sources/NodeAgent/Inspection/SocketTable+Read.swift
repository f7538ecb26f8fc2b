import KubeClient

extension SocketTable {
    /// All sockets of the network that a process is in, with who of these processes has them open. Blocks.
    static func read(of first: Int32, _ processes: [ProcessTable.Entry]) -> ContainerSockets {
        var owners: [UInt64: ContainerProcess] = [:]
        for entry in processes {
            for inode in ProcessTable.sockets(of: entry.outside) where owners[inode] == nil { owners[inode] = entry.process }
        }
        var lines: [Line] = []
        for name in ["tcp", "tcp6", "udp", "udp6"] { lines += internet(name, ProcessTable.text("/proc/\(first)/net/\(name)", limit: 4 << 20)) }
        return sockets(lines + unix(ProcessTable.text("/proc/\(first)/net/unix", limit: 4 << 20)), owners: owners)
    }
}
