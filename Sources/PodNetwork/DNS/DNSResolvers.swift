internal import Glibc
internal import LinuxKernel

/// The host's resolvers, as its resolv.conf names them; read again when the file has changed, which costs a stat(2) for each question.
struct DNSResolvers {
    private struct Mark: Equatable {
        let inode: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    private let path: String
    private let port: UInt16
    private let excluded: Set<IPv4Address>
    private var mark: Mark?
    private var servers: [InternetSocketAddress] = []
    /// As libc's: what a file names beyond that is not used.
    static let limit = 3

    /// - Parameter excluded: the server itself, which must never ask itself.
    init(path: String, port: UInt16, excluded: Set<IPv4Address>) {
        self.path = path
        self.port = port
        self.excluded = excluded
    }

    /// The servers now, and whether they are others than before.
    mutating func current() -> (servers: [InternetSocketAddress], haveChanged: Bool) {
        guard let status = try? FileSystem.status(path) else {  // best effort: an unreadable file names no servers
            defer { (mark, servers) = (nil, []) }
            return ([], !servers.isEmpty)
        }
        let now = Mark(inode: UInt64(status.st_ino), size: Int64(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        guard now != mark else { return (servers, false) }
        mark = now
        let text = (try? FileSystem.readText(path)) ?? ""  // best effort: as above
        let found = Self.servers(text, port: port, excluded: excluded)
        defer { servers = found }
        return (found, found != servers)
    }

    static func servers(_ text: String, port: UInt16, excluded: Set<IPv4Address>) -> [InternetSocketAddress] {
        let names = text.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            return words.first == "nameserver" && words.count > 1 ? String(words[1]) : nil
        }
        let servers = names.compactMap { InternetSocketAddress($0, port: port) }.filter { !excluded.contains($0.ipv4) }
        return Array(servers.prefix(limit))
    }
}
