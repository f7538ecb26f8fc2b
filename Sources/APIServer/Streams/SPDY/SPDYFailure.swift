/// Why a SPDY connection cannot go on.
struct SPDYFailure: Error, Equatable {
    /// What was wrong with the bytes, for the log and for tests.
    let message: String

    static func malformed(_ message: String) -> SPDYFailure { SPDYFailure(message: message) }

    /// A header block says more than it may.
    static let headersTooLarge = SPDYFailure(message: "a header block is too large")
}
