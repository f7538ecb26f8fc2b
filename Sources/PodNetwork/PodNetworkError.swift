package import LinuxKernel

/// Why the network could not be set up, with the remedy.
package struct PodNetworkError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// A wanted range overlaps one of the host's routes.
        case rangeTaken
        /// No free range is left among the candidates.
        case noFreeRange
        /// The kernel refused a change.
        case kernel
    }

    package let code: Code
    /// What failed, with which value, and what to do about it.
    package let message: String
    package let cause: SystemError?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}

/// Runs kernel requests and says what they were for when one fails.
func explaining<T>(_ purpose: @autoclosure () -> String, _ body: () throws(SystemError) -> T) throws(PodNetworkError) -> T {
    do throws(SystemError) { return try body() } catch { throw PodNetworkError(.kernel, "cannot \(purpose())", cause: error) }
}
