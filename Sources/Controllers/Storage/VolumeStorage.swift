import APIMachinery

/// Where the volumes of the local provisioner lie: one directory for each, by the volume's name. Both operations may be repeated.
package struct VolumeStorage: Sendable {
    /// Why a directory could not be made or removed.
    package struct Failure: Error, Sendable, Hashable {
        /// What failed, with the path and the remedy.
        package let message: String

        /// A failure that is told as `message`.
        package init(_ message: String) { self.message = message }

        /// Tells such a failure from what the server answers.
        static let reason = APIStatus.Reason(rawValue: "VolumeStorage")

        /// As other changes fail.
        var status: APIStatus { APIStatus(code: 500, reason: Self.reason, message: message) }
    }

    /// Makes a volume's directory; one that is there keeps what it holds.
    package let make: @Sendable (_ name: String) async throws(Failure) -> Void
    /// Removes a volume's directory with all it holds.
    package let remove: @Sendable (_ name: String) async throws(Failure) -> Void

    /// Storage from its two operations.
    package init(
        make: @escaping @Sendable (_ name: String) async throws(Failure) -> Void,
        remove: @escaping @Sendable (_ name: String) async throws(Failure) -> Void
    ) {
        self.make = make
        self.remove = remove
    }

    /// Has no place for anything.
    package static let none = VolumeStorage(
        make: { (name) throws(Failure) in throw Failure("there is no place for volume \(name)") },
        remove: { (name) throws(Failure) in throw Failure("there is no place for volume \(name)") })
}
