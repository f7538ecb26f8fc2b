package import LinuxKernel

/// One pod as its pane shows it.
package struct PodRow: Sendable, Hashable {
    /// Its uid.
    package var uid: String
    /// Its namespace.
    package var namespace: String
    /// Its name.
    package var name: String
    /// Containers that are ready.
    package var readyCount: Int
    /// Containers in all.
    package var containerCount: Int
    /// One word, as kubectl's STATUS.
    package var status: String
    /// What the status means.
    package var tone: Tone
    /// Restarts of its containers.
    package var restarts: Int
    /// When it was made.
    package var createdAt: Timestamp?
    /// The node that runs it; empty before it is placed.
    package var node: String
    /// Its address; empty before it has one.
    package var ip: String
    /// CPU against request and limit.
    package var cpu: Usage
    /// Memory against request and limit.
    package var memory: Usage
    /// Whether it is being deleted.
    package var isDeleting: Bool
    /// `status.phase`; empty when unknown.
    var phase: String
    /// Whether every container has ended for good.
    var isFinished: Bool { phase == "Succeeded" || phase == "Failed" }

    /// A row.
    package init(
        uid: String, namespace: String, name: String, readyCount: Int, containerCount: Int, status: String, tone: Tone, restarts: Int,
        createdAt: Timestamp?,
        node: String, ip: String, cpu: Usage, memory: Usage, isDeleting: Bool = false, phase: String = ""
    ) {
        self.uid = uid
        self.namespace = namespace
        self.name = name
        self.readyCount = readyCount
        self.containerCount = containerCount
        self.status = status
        self.tone = tone
        self.restarts = restarts
        self.createdAt = createdAt
        self.node = node
        self.ip = ip
        self.cpu = cpu
        self.memory = memory
        self.isDeleting = isDeleting
        self.phase = phase
    }

}
