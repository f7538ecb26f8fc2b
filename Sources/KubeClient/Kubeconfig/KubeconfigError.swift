/// Why a kubeconfig file cannot be used or changed.
package struct KubeconfigError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of fault.
    package enum Code: Sendable, Hashable {
        /// The file cannot be read or written.
        case io
        /// The file is no kubeconfig.
        case malformed
        /// There is no such context, cluster or user.
        case notFound
        /// An entry of that name exists and was not written by kdash.
        case nameTaken
        /// Another program holds the file's lock.
        case locked
        /// The file is written in a way that cannot be edited without touching other bytes.
        case notEditable
    }

    /// The kind of fault.
    package let code: Code
    /// What is wrong and what to do about it, with the file's path.
    package let message: String

    /// An error.
    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    package var description: String { message }
}
