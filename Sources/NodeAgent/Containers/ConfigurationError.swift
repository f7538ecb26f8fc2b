/// Why a container cannot be started as its pod asks; becomes the waiting state's reason and message.
struct ConfigurationError: Error, Sendable, Hashable {
    /// `CreateContainerConfigError`, `CreateContainerError`, `ErrImagePull`, `ImagePullBackOff`, `ErrImageNeverPull` or `RunContainerError`.
    var reason: String
    /// What is wrong, with which value, and what to do.
    var message: String

    init(_ message: String, reason: String = "CreateContainerConfigError") {
        self.reason = reason
        self.message = message
    }
}
