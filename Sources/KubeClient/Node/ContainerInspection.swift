package import APIMachinery

/// A container whose inside is looked at; it may have ended.
package struct ContainerTarget: Sendable, Hashable {
    /// The pod's namespace.
    package var namespace: String
    /// The pod's name.
    package var pod: String
    /// The pod's uid; nil for whichever has the name.
    package var podUID: String?
    /// The container's name.
    package var container: String

    /// A container.
    package init(namespace: String, pod: String, podUID: String? = nil, container: String) {
        self.namespace = namespace
        self.pod = pod
        self.podUID = podUID
        self.container = container
    }
}

/// What a node's agent does inside a container without any program in it. Paths are those of the container, as ``FilePath`` writes them;
/// links are followed inside of its root only. Everything throws an `APIStatus`: NotFound for a container or file that is not there, BadRequest
/// for what cannot be done with it.
package protocol ContainerInspection: Sendable {
    /// Whether the container's pod is this node's.
    func holds(_ target: ContainerTarget) -> Bool

    /// The containers of the node's pods, as NAMESPACE/POD/CONTAINER, by the id of the image that they were or would be made from.
    func imageUsers() async -> [String: [String]]

    /// What lies in a directory: at most ``ContainerListing/maximumEntries`` entries.
    func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing

    /// A part of a regular file: at most ``ContainerFilePart/maximumBytes`` bytes from `offset` on.
    func read(_ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int) async throws(APIStatus) -> ContainerFilePart

    /// Writes a regular file whole, in the place of what it had. `ifVersion` refuses with Conflict when the file is not the one that was read;
    /// an empty one when there is a file at all. Owner and mode stay; a new file has those of its directory's owner and 0644, or 0755 with
    /// `isExecutable`. Returns the file's entry.
    func write(
        _ target: ContainerTarget, path: FilePath, ifVersion: String?, isExecutable: Bool, body: any ByteSource
    ) async throws(APIStatus) -> ContainerFile

    /// Makes a directory in one that is there, of its owner and with mode 0755; harmless when it is one already.
    func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus)

    /// The processes of a running container.
    func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses

    /// Sends a signal to one process of ``processes(_:)``; NotFound when it is another one by now.
    func signal(_ target: ContainerTarget, process: Int32, startedTicks: UInt64, signal: Int32) async throws(APIStatus)

    /// The sockets of the network that a running container is in, which its pod shares.
    func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets
}
