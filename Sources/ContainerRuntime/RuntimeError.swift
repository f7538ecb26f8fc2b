package import LinuxKernel

/// Why the runtime could not do what it was asked to.
package struct RuntimeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for code to decide on.
    package enum Code: Sendable, Hashable {
        /// The container's program could not be executed (missing, not executable, wrong format): Kubernetes' `StartError`, exit 128.
        case startError
        /// A step of preparing the container failed before its program was tried.
        case setupFailed
        /// The id names no sandbox, container or exec.
        case notFound
        /// The id is in use.
        case alreadyExists
        /// The container is not running.
        case notRunning
        /// The kernel or this user may not do that; the message says what lifts it.
        case notPermitted
        /// The node's supervisor ended or does not answer; its containers ended with it.
        case supervisorLost
        /// The supervisor speaks no protocol version this program knows.
        case incompatible
        /// A value in the request cannot be carried out.
        case invalid
        /// A system call failed.
        case system
    }

    package let code: Code
    /// What failed, with which value, and what to do about it.
    package let message: String
    /// The system call behind it, when there was one.
    package let cause: SystemError?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Where in the container something was to be mounted that cannot be shown to users of the pod's own; nil when that is not what failed.
    package var unmappableMount: String? { cause?.call == "map the users of" ? cause?.arguments : nil }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
