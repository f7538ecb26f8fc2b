package import LinuxKernel

/// Why an image could not be loaded, found or removed.
package struct ImageError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The reference is not one.
        case invalidReference
        /// No such image here.
        case notFound
        /// The archive contradicts itself: truncated, wrong digest, malformed entry.
        case corrupt
        /// The archive is fine but asks for something kdash does not do.
        case unsupported
        /// A limit was passed.
        case tooLarge
        case diskFull
        /// Something still runs from it.
        case inUse
        case system
    }

    package let code: Code
    /// What failed, with which entry or digest, and what to do about it.
    package let message: String
    package let cause: SystemError?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}

/// Runs system calls and says what they were for when one fails; a full disk is told apart.
func explaining<T: ~Copyable>(_ purpose: @autoclosure () -> String, _ body: () throws(SystemError) -> T) throws(ImageError) -> T {
    do throws(SystemError) { return try body() } catch {
        guard error.name != "ENOSPC", error.name != "EDQUOT" else {
            throw ImageError(.diskFull, "cannot \(purpose()): the disk is full; free some space and try again", cause: error)
        }
        throw ImageError(.system, "cannot \(purpose())", cause: error)
    }
}
