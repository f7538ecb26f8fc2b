package import APIMachinery

/// What the API server asks of a node's agent, as streams with back-pressure.
package protocol NodeConnection: Sendable {
    /// A container's log in the requested range and form. Throws NotFound or BadRequest when there is none.
    func logs(_ request: LogRequest) async throws(APIStatus) -> any ByteSource

    /// Runs a program in a container.
    func exec(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession

    /// Joins the streams of a container's main process; `command` is ignored.
    func attach(_ request: ExecRequest) async throws(APIStatus) -> any StreamSession

    /// Connects to a port inside a pod.
    func portForward(podUID: String, port: UInt16) async throws(APIStatus) -> any StreamSession

    /// The usage of the node and its pods, sampled now.
    func stats() async -> NodeStats

    /// What its pods take of the disk, counted not long ago. Counts what was not, which takes a while.
    func storage() async -> [PodStorage]

    /// The logs that are kept of deleted pods, the newest first.
    func keptLogs() async -> [KeptLog]

    /// The instances of a container of which logs are kept; nothing where none are.
    func logInstances(_ request: LogRequest) async -> [LogInstance]

    /// How the probes of its pods have gone.
    func probeCounts() async -> [ProbeCount]

    /// Looks into its containers; nil for an agent that cannot.
    var containers: (any ContainerInspection)? { get }
}

extension NodeConnection {
    /// None, for agents that do not count.
    package func probeCounts() async -> [ProbeCount] { [] }

    /// Nothing, for agents that do not count.
    package func storage() async -> [PodStorage] { [] }

    /// None, for agents that cannot look into containers.
    package var containers: (any ContainerInspection)? { nil }
}
