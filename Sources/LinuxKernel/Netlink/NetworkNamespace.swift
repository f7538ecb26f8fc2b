internal import CLinux
internal import Glibc

/// A network namespace held by an open descriptor; the last holder's end destroys everything in it.
package final class NetworkNamespace: Sendable {
    private let file: FileDescriptor

    /// Takes ownership of an open /proc/…/ns/net.
    package init(owning fd: CInt) { file = FileDescriptor(fd) }

    /// A new, empty namespace (needs CAP_SYS_ADMIN).
    package static func create() throws(SystemError) -> NetworkNamespace {
        NetworkNamespace(owning: try SystemError.check("unshare", "CLONE_NEWNET") { kd_network_namespace_create() })
    }

    /// The namespace a process lives in.
    package static func ofProcess(_ pid: Int32) throws(SystemError) -> NetworkNamespace {
        NetworkNamespace(owning: try FileDescriptor.open("/proc/\(pid)/ns/net", O_RDONLY).release())
    }

    /// The user namespace it belongs to, whose owner may do in it what root may.
    package func owner() throws(SystemError) -> FileDescriptor {
        FileDescriptor(try SystemError.check("ioctl", "NS_GET_USERNS") { kd_user_namespace_of(raw) })
    }

    /// The descriptor's number; owned by this object.
    package var raw: CInt { file.raw }

    /// Writes a setting of this namespace, for example `ipv4/ip_forward`.
    package func set(_ name: String, _ value: String) throws(SystemError) {
        try SystemError.check("write", "net/\(name)") { kd_set_in_namespace(raw, "/proc/sys/net/\(name)", value) }
    }

    /// Runs `body` on a thread that lives in this namespace and waits for it. For what has no descriptor of its own; sockets are better opened once
    /// and kept.
    package func run<T>(_ body: () throws(SystemError) -> T) throws(SystemError) -> T {
        try withoutActuallyEscaping(body) { body throws(SystemError) in
            let call = Call(body)
            let entered = kd_in_network_namespace(
                raw,
                { context in
                    Unmanaged<AnyCall>.fromOpaque(context!).takeUnretainedValue().run()
                    return 0
                }, Unmanaged<AnyCall>.passUnretained(call).toOpaque())
            guard entered == 0, let result = call.result else { throw .last("setns", "CLONE_NEWNET") }
            call.body = nil
            return try result.get()
        }
    }

    private class AnyCall {
        func run() {}
    }

    private final class Call<T>: AnyCall {
        var body: (() throws(SystemError) -> T)?
        var result: Result<T, SystemError>?
        init(_ body: @escaping () throws(SystemError) -> T) { self.body = body }
        override func run() {
            guard let body else { return }
            do throws(SystemError) { result = .success(try body()) } catch { result = .failure(error) }
        }
    }
}
