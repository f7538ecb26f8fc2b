internal import Glibc
package import LinuxKernel

/// net.ipv4.ip_forward of the host, shared by all clusters: the first one that needs it notes what it was, the last one that
/// leaves puts that back.
package struct HostForwarding: Sendable {
    private static let sysctl = "/proc/sys/net/ipv4/ip_forward"
    private let directory: SharedDirectory
    private let namespace: NetworkNamespace?

    /// - Parameters:
    ///   - directory: where all clusters keep the note.
    ///   - namespace: the host's network; nil is this process's own.
    package init(directory: SharedDirectory, namespace: NetworkNamespace? = nil) {
        self.directory = directory
        self.namespace = namespace
    }

    /// Turns forwarding on for `clusterID`; true when it was off before any cluster came.
    package func acquire(_ clusterID: String) throws(SystemError) -> Bool {
        try change { note throws(SystemError) in
            if note.users.isEmpty { note.previous = try read() }
            if !note.users.contains(clusterID) { note.users.append(clusterID) }
            if try read() != "1" { try write("1") }
            return note.previous == "0"
        }
    }

    /// Ends the need of `clusterID`; repeating it is harmless.
    package func release(_ clusterID: String) throws(SystemError) {
        _ = try change { note throws(SystemError) in
            guard let index = note.users.firstIndex(of: clusterID) else { return false }
            note.users.remove(at: index)
            if note.users.isEmpty, note.previous == "0" { try write("0") }
            return true
        }
    }

    private struct Note {
        var previous = ""
        var users: [String] = []
    }

    private func change(_ body: (inout Note) throws(SystemError) -> Bool) throws(SystemError) -> Bool {
        let lock = try directory.lock()
        defer { withExtendedLifetime(lock) {} }
        let path = "\(directory.path)/forwarding"
        var note = Note()
        if FileSystem.exists(path) {
            let lines = try FileSystem.readText(path).split(separator: "\n", omittingEmptySubsequences: false)
            note.previous = lines.first.map(String.init) ?? ""
            note.users = lines.dropFirst().map(String.init)
        }
        let result = try body(&note)
        if note.users.isEmpty {
            try FileSystem.removeFile(path)
        } else {
            try FileSystem.writeAtomically(path, Array(([note.previous] + note.users).joined(separator: "\n").utf8), mode: 0o644)
        }
        return result
    }

    private func read() throws(SystemError) -> String {
        try inside { () throws(SystemError) in try FileSystem.readText(Self.sysctl) }
    }

    private func write(_ value: String) throws(SystemError) {
        try inside { () throws(SystemError) in try FileSystem.write(value, to: Self.sysctl) }
    }

    private func inside<T>(_ body: () throws(SystemError) -> T) throws(SystemError) -> T {
        if let namespace { return try namespace.run(body) }
        return try body()
    }
}
