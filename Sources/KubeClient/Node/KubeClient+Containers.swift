package import APIMachinery
import JSONCore

/// The inside of containers, on a cluster of kdash's own; others answer NotFound.
extension KubeClient: ContainerAccess {
    package var opensSessions: Bool { false }

    /// Whether the server is kdash, by the version it tells. Throws why it does not tell.
    package func isKdash() async throws(APIStatus) -> Bool {
        try await call(APIRequest(path: "/version"))["gitVersion"]?.stringValue?.contains("+kdash-") ?? false
    }

    /// What lies in a directory of a container.
    package func list(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) -> ContainerListing {
        guard let listing = ContainerListing(try await containerJSON(.get, target, "files", [QueryItem("path", path.description)])) else {
            throw Self.broken("files")
        }
        return listing
    }

    /// A part of a file of a container.
    package func read(
        _ target: ContainerTarget, path: FilePath, offset: Int64, limit: Int
    ) async throws(APIStatus) -> ContainerFilePart {
        let query = [QueryItem("path", path.description), QueryItem("offset", "\(offset)"), QueryItem("limit", "\(limit)")]
        let response = try await raw(Self.containerRequest(.get, target, "file", query))
        if let failure = try await response.failure() { throw failure }
        guard case .bytes(let bytes) = response.body, let facts = response.header("kdash-file").flatMap({ PercentEncoding.decode($0) }),
            let value = try? JSON.parse(Array(facts.utf8)), let file = ContainerFile(value)
        else { throw Self.broken("file") }
        return ContainerFilePart(file: file, bytes: bytes, isRunning: response.header("kdash-running") == "true")
    }

    /// Writes a file of a container whole; see ``ContainerAccess/write(_:path:_:ifVersion:isExecutable:)``.
    package func write(
        _ target: ContainerTarget, path: FilePath, _ bytes: [UInt8], ifVersion: String?, isExecutable: Bool
    ) async throws(APIStatus) -> ContainerFile {
        var query = [QueryItem("path", path.description)]
        if let ifVersion { query.append(QueryItem("version", ifVersion)) }
        if isExecutable { query.append(QueryItem("executable", "true")) }
        guard let file = ContainerFile(try await containerJSON(.put, target, "file", query, bytes)) else { throw Self.broken("file") }
        return file
    }

    /// Makes a directory in a container.
    package func makeDirectory(_ target: ContainerTarget, path: FilePath) async throws(APIStatus) {
        _ = try await containerJSON(.put, target, "directory", [QueryItem("path", path.description)])
    }

    /// The processes of a container that runs.
    package func processes(_ target: ContainerTarget) async throws(APIStatus) -> ContainerProcesses {
        guard let found = ContainerProcesses(try await containerJSON(.get, target, "processes")) else { throw Self.broken("processes") }
        return found
    }

    /// Sends a signal to a process of a container.
    package func signal(_ target: ContainerTarget, _ process: ContainerProcess, signal: Int32) async throws(APIStatus) {
        let query = [
            QueryItem("pid", "\(process.pid)"), QueryItem("startedTicks", "\(process.startedTicks)"), QueryItem("signal", "\(signal)"),
        ]
        _ = try await containerJSON(.post, target, "signal", query)
    }

    /// The sockets of the network that a container is in.
    package func sockets(_ target: ContainerTarget) async throws(APIStatus) -> ContainerSockets {
        guard let found = ContainerSockets(try await containerJSON(.get, target, "sockets")) else { throw Self.broken("sockets") }
        return found
    }

    /// The images of the nodes with their layers and who uses them.
    package func images() async throws(APIStatus) -> [NodeImage] {
        let answer = try await call(APIRequest(path: "/kdash/v1/images/layers"))
        return (answer["images"]?.arrayValue ?? []).compactMap { NodeImage($0) }
    }

    /// Removes images by their ids; Conflict when a container was made from one of them. Returns the bytes that came free.
    package func removeImages(_ ids: [String]) async throws(APIStatus) -> Int64 {
        let answer = try await call(APIRequest(.post, path: "/kdash/v1/images/remove", query: ids.map { QueryItem("id", $0) }))
        return answer["freed"]?.integerValue ?? 0
    }

    private func containerJSON(
        _ method: APIRequest.Method, _ target: ContainerTarget, _ what: String, _ query: [QueryItem] = [], _ body: [UInt8] = []
    ) async throws(APIStatus) -> JSONValue {
        try await call(Self.containerRequest(method, target, what, query, body))
    }

    private static func containerRequest(
        _ method: APIRequest.Method, _ target: ContainerTarget, _ what: String, _ query: [QueryItem], _ body: [UInt8] = []
    ) -> APIRequest {
        let place = [target.namespace, target.pod, target.container].map { PercentEncoding.encode($0) }.joined(separator: "/")
        let uid = target.podUID.map { [QueryItem("uid", $0)] } ?? []
        return APIRequest(
            method, path: "/kdash/v1/containers/\(place)/\(what)", query: uid + query, contentType: method == .put ? "application/octet-stream" : nil,
            body: body)
    }

    private static func broken(_ what: String) -> APIStatus { .internalError("the server's answer about the container's \(what) makes no sense") }
}
