internal import CLinux
internal import Glibc

/// A failed system call: which one, on what, and the kernel's reason.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The call's name, for example `mount`.
    package let call: String
    /// The error number, for example `EINVAL`.
    package let errno: CInt
    /// What the call was given, as far as it helps the reader; may be empty.
    package let arguments: String
    /// The kernel's own explanation (netlink's extended acknowledgement); usually empty.
    package let detail: String

    package init(call: String, errno: CInt, arguments: String = "", detail: String = "") {
        self.call = call
        self.errno = errno
        self.arguments = arguments
        self.detail = detail
    }

    /// The symbolic name, for example `ENOENT`.
    package var name: String { String(cString: kd_errno_name(errno)) }

    /// The C library's sentence, for example `No such file or directory`.
    package var reason: String { String(cString: kd_errno_text(errno)) }

    /// `mount(overlay, /x): EINVAL Invalid argument`.
    package var description: String {
        let base = "\(call)(\(arguments)): \(name) \(reason)"
        return detail.isEmpty ? base : "\(base): \(detail)"
    }

    /// The error the calling thread's last failed call left behind.
    package static func last(_ call: String, _ arguments: String = "") -> SystemError {
        SystemError(call: call, errno: Glibc.errno, arguments: arguments)
    }
}

extension SystemError {
    /// Returns `result` unless it is negative; then throws what `errno` says.
    @discardableResult
    package static func check<T: SignedInteger>(
        _ call: String, _ arguments: @autoclosure () -> String = "", _ body: () -> T
    ) throws(SystemError) -> T {
        let result = body()
        if result < 0 {
            let number = Glibc.errno
            throw SystemError(call: call, errno: number, arguments: arguments())
        }
        return result
    }

    /// As `check`, and tries again while a signal interrupts the call.
    @discardableResult
    package static func checkRetrying<T: SignedInteger>(
        _ call: String, _ arguments: @autoclosure () -> String = "", _ body: () -> T
    ) throws(SystemError) -> T {
        while true {
            let result = body()
            if result >= 0 { return result }
            let number = Glibc.errno
            if number != EINTR { throw SystemError(call: call, errno: number, arguments: arguments()) }
        }
    }
}
