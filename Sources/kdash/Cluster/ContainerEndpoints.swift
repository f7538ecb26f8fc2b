import APIMachinery
import JSONCore
import KubeClient

/// `/kdash/v1/containers/NAMESPACE/POD/CONTAINER/…`: files, processes and sockets of containers.
struct ContainerEndpoints: Sendable {
    let nodes: NodeDirectory
    /// Why a container that no agent has cannot be looked into; nil when nothing is known of it.
    let refusal: @Sendable (ContainerTarget) -> APIStatus?

    /// The path of a container's endpoints, decoded, without what leads to it: namespace, pod, container and what is wanted.
    func handle(_ request: APIRequest, _ path: [String], body: any ByteSource) async throws(APIStatus) -> APIResponse {
        guard path.count == 4 else {
            throw .badRequest("\(request.path): /kdash/v1/containers/NAMESPACE/POD/CONTAINER/files, file, directory, processes, signal or sockets")
        }
        let target = ContainerTarget(namespace: path[0], pod: path[1], podUID: request.queryValue("uid"), container: path[2])
        switch (request.method, path[3]) {
        case (.get, "files"):
            let file = try self.path(request)
            return .json(try await onNode(target) { node throws(APIStatus) in try await node.list(target, path: file) }.value)
        case (.get, "file"): return try await read(request, target)
        case (.put, "file"): return try await write(request, target, body)
        case (.put, "directory"):
            let folder = try self.path(request)
            try await onNode(target) { node throws(APIStatus) in try await node.makeDirectory(target, path: folder) }
            return .json([:])
        case (.get, "processes"): return .json(try await onNode(target) { node throws(APIStatus) in try await node.processes(target) }.value)
        case (.post, "signal"): return try await signal(request, target)
        case (.get, "sockets"): return .json(try await onNode(target) { node throws(APIStatus) in try await node.sockets(target) }.value)
        default: throw .badRequest("\(request.method.rawValue) \(request.path) is nothing kdash knows")
        }
    }

    private func read(_ request: APIRequest, _ target: ContainerTarget) async throws(APIStatus) -> APIResponse {
        let path = try path(request)
        let offset = try number(request, "offset") ?? 0
        let limit = try number(request, "limit").map { Int(clamping: $0) } ?? ContainerFilePart.maximumBytes
        let part = try await onNode(target) { node throws(APIStatus) in try await node.read(target, path: path, offset: offset, limit: limit) }
        let facts = JSON.encode(part.file.value)
        return APIResponse(
            contentType: "application/octet-stream",
            headers: [
                ("kdash-file", PercentEncoding.encode(String(decoding: facts, as: UTF8.self))), ("kdash-running", "\(part.isRunning)"),
                ("x-content-type-options", "nosniff"),
            ], body: .bytes(part.bytes))
    }

    private func write(_ request: APIRequest, _ target: ContainerTarget, _ body: any ByteSource) async throws(APIStatus) -> APIResponse {
        let path = try path(request)
        let version = request.queryValue("version")
        let isExecutable = request.queryFlag("executable")
        let file = try await onNode(target) { node throws(APIStatus) in
            try await node.write(target, path: path, ifVersion: version, isExecutable: isExecutable, body: body)
        }
        return .json(file.value)
    }

    private func signal(_ request: APIRequest, _ target: ContainerTarget) async throws(APIStatus) -> APIResponse {
        guard let process = try number(request, "pid").flatMap({ Int32(exactly: $0) }),
            let signal = try number(request, "signal").flatMap({ Int32(exactly: $0) }),
            let ticks = try number(request, "startedTicks").flatMap({ UInt64(exactly: $0) })
        else { throw .badRequest("query parameters pid, startedTicks and signal are needed, as numbers") }
        try await onNode(target) { node throws(APIStatus) in
            try await node.signal(target, process: process, startedTicks: ticks, signal: signal)
        }
        return .json([:])
    }

    private func path(_ request: APIRequest) throws(APIStatus) -> FilePath {
        let text = request.queryValue("path") ?? ""
        guard let path = FilePath(text), path.bytes.first == UInt8(ascii: "/") else {
            throw .badRequest("query parameter path is \"\(text)\": an absolute path is needed, with \\xNN for bytes that are not text and for \\ itself")
        }
        return path
    }

    private func number(_ request: APIRequest, _ name: String) throws(APIStatus) -> Int64? {
        guard let text = request.queryValue(name) else { return nil }
        guard let number = Int64(text) else { throw .badRequest("query parameter \(name) is \"\(text)\", which is no number") }
        return number
    }

    /// Asks the nodes one after the other: whose pod it is knows it.
    private func onNode<Answer: Sendable>(
        _ target: ContainerTarget, _ work: (any ContainerInspection) async throws(APIStatus) -> Answer
    ) async throws(APIStatus) -> Answer {
        for name in nodes.names {
            guard let node = nodes.connection(named: name)?.containers else { continue }
            guard node.holds(target) else { continue }
            return try await work(node)
        }
        throw refusal(target) ?? .notFound(GroupResource(group: "", resource: "pods"), target.pod)
    }
}
