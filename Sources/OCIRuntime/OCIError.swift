package import LinuxKernel

/// Why the runtime could not do what an engine asked.
package struct OCIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for code to decide on.
    package enum Code: Sendable, Hashable {
        /// The configuration does not follow the specification, or asks for what cannot be carried out.
        case invalidConfiguration
        /// The command line is not understood.
        case usage
        /// No container has the id.
        case notFound
        /// A container has the id.
        case alreadyExists
        /// The container is not in a state in which that can be done.
        case wrongState
        /// A step inside the new container failed.
        case container
        /// A hook failed or took too long.
        case hook
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

    package var description: String { cause.map { "\(message): \($0.reason) (\($0.call) \($0.arguments))" } ?? message }

    /// Runs a system call's wrapper and says what it was for.
    @discardableResult
    static func attempt<T>(_ what: @autoclosure () -> String, _ body: () throws(SystemError) -> T) throws(OCIError) -> T {
        do throws(SystemError) { return try body() } catch { throw OCIError(.system, "cannot \(what())", cause: error) }
    }
}
