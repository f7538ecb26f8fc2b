/// Why the cluster's keys and certificates cannot be used.
package struct PKIError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: Sendable {
        /// A file cannot be read or written.
        case files
        /// A file holds something else than a key or certificate.
        case malformed
        /// A certificate could not be made.
        case issuing
    }

    /// The kind of failure.
    package let code: Code
    /// What failed, with the file, and what to do about it.
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
