package import LinuxKernel

/// One version in the history of an object.
package struct ObjectVersion: Sendable {
    /// The revision that wrote it.
    package let revision: Int64

    /// When it was written, by the wall clock.
    package let time: Timestamp

    /// Who wrote it.
    package let writer: String

    /// Whose version it is.
    package let key: ObjectKey

    /// The revision that it superseded, kept or not; 0 for a creation.
    package let previous: Int64

    /// Whether only the status was written.
    package let isStateOnly: Bool

    /// Whether this version is the deletion; the object is then its final state.
    package let isDeletion: Bool

    /// The object as this version left it; nil for a deletion whose last state is no longer kept.
    package let object: StoredObject?
}
