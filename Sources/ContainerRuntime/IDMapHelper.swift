internal import CLinux
internal import Glibc
package import LinuxKernel

/// The system's setuid programs that map ranges of ids for ordinary users: `newuidmap` and `newgidmap`, of Debian's package uidmap.
package enum IDMapHelper {
    /// Maps lines of inside, outside and count in the user namespace of a process. Throws ENOENT when the machine has no such program, EPERM when it
    /// refuses, which it does for ranges that /etc/subuid and /etc/subgid do not give to the user.
    package static func map(_ lines: [(inside: UInt32, outside: UInt32, count: UInt32)], by name: String, of pid: Int32) throws(SystemError) {
        let places = ["/usr/bin", "/usr/local/bin", "/bin"].map { "\($0)/\(name)" }
        guard let program = places.first(where: { FileSystem.exists($0) }) else {
            throw SystemError(call: name, errno: ENOENT, arguments: "install uidmap, or map only the own user and group")
        }
        let arguments = [program, "\(pid)"] + lines.flatMap { ["\($0.inside)", "\($0.outside)", "\($0.count)"] }
        let pointers = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        guard kd_run_helper(program, pointers) == 0 else {
            throw SystemError(call: name, errno: EPERM, arguments: arguments.dropFirst().joined(separator: " "))
        }
    }
}
