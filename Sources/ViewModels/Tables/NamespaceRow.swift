import APIMachinery
import KubeSchemas
package import LinuxKernel

/// One namespace.
package struct NamespaceRow: Sendable, Hashable {
    /// Its uid.
    package var uid: String
    /// Its name.
    package var name: String
    /// `Active` or `Terminating`.
    package var status: String
    /// What the status means.
    package var tone: Tone
    /// Pods in it; nil when unknown.
    package var podCount: Int?
    /// When it was made.
    package var createdAt: Timestamp?
    /// A row.
    package init(uid: String, name: String, status: String, tone: Tone, podCount: Int?, createdAt: Timestamp?) {
        self.uid = uid
        self.name = name
        self.status = status
        self.tone = tone
        self.podCount = podCount
        self.createdAt = createdAt
    }

    init(_ namespace: Namespace) {
        let isActive = namespace.phase == "Active" && !namespace.object.isBeingDeleted
        self.init(
            uid: namespace.uid, name: namespace.name, status: isActive ? "Active" : "Terminating", tone: isActive ? .ok : .warning,
            podCount: nil,
            createdAt: namespace.object.creationTimestamp)
    }
}
