package import APIMachinery

/// What panes ask of the inside of a cluster's containers, whoever answers: the node's agent, or programs that are run in the container.
///
/// Paths are those of the container, as ``FilePath`` writes them. Everything throws an `APIStatus`: NotFound for a container or file that is not
/// there, BadRequest for what cannot be done with it, NotImplemented when the container has no program that could answer.
package protocol ContainerAccess: Sendable {
    /// Whether it opens sessions in containers, which a protected context refuses.
    var opensSessions: Bool { get }

    /// What lies in a directory: at most ``ContainerListing/maximumEntries`` entries.
    func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing

    /// A part of a regular file: at most ``ContainerFilePart/maximumBytes`` bytes from `offset` on.
    func read(_ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int) async throws(APIStatus) -> ContainerFilePart

    /// Writes a regular file whole. `ifVersion` refuses with Conflict when the file is not the one that was read; an empty one when there is a
    /// file at all; nil writes whatever is there. Owner and mode of a file that is there stay; a new one gets 0644, or 0755 with `isExecutable`.
    func write(
        _ target: ContainerTarget, path: FilePath, _ bytes: [UInt8], ifVersion: String?, isExecutable: Bool
    ) async throws(APIStatus) -> ContainerFile

    /// Makes a directory in one that is there; harmless when it is one already.
    func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus)

    /// The processes of a running container.
    func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses

    /// Sends a signal to one of ``processes(_:)``; NotFound when its number is another process's by now.
    func signal(_ target: ContainerTarget, _ process: ContainerProcess, signal: Int32) async throws(APIStatus)

    /// The sockets of the network that a running container is in.
    func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets
}

extension ContainerAccess {
    /// The start of a regular file.
    package func read(_ target: ContainerTarget, path: FilePath, limit: Int) async throws(APIStatus) -> ContainerFilePart {
        try await read(target, path: path, offset: 0, limit: limit)
    }

    /// A whole part of a regular file.
    package func read(_ target: ContainerTarget, path: FilePath, offset: Int64) async throws(APIStatus) -> ContainerFilePart {
        try await read(target, path: path, offset: offset, limit: ContainerFilePart.maximumBytes)
    }
}
