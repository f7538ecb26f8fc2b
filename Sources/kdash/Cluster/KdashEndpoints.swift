import APIMachinery
import APIServer
import ContainerImages
import JSONCore
import KubeClient
import LinuxKernel
import NodeAgent

/// What is not Kubernetes, below `/kdash/v1/`: status, down, images, shared folders, usage, the logs of deleted pods, the inside of containers, and
/// the network.
struct KdashEndpoints: ExtensionEndpoint {
    let path = "/kdash/v1"
    let images: ImageStore
    let nodes: NodeDirectory
    let shares: NodeShares
    let status: @Sendable () async -> JSONValue
    /// Starts the shutdown; returns at once.
    let down: @Sendable () -> Void
    let imagesChanged: @Sendable () -> Void
    /// Answers where the scheduler would put a pod.
    let tryPlacement: @Sendable (JSONValue) throws(APIStatus) -> JSONValue
    /// Wants another number of simulated nodes.
    let simulate: @Sendable (Int) async throws(APIStatus) -> Void
    /// Why a container that no agent has cannot be looked into; nil when nothing is known of it.
    let refusal: @Sendable (ContainerTarget) -> APIStatus?
    /// What the network does; nil when pods have none.
    let network: @Sendable () -> NetworkEndpoints?

    func handle(_ request: APIRequest, body: any ByteSource, as user: UserInfo) async throws(APIStatus) -> APIResponse {
        let route = String(request.path.dropFirst(path.count))
        switch (request.method, route) {
        case (.get, "/status"): return .json(await status())
        case (.post, "/down"):
            down()
            return .json(["state": "stopping"])
        case (.get, "/images"): return .json(listImages())
        case (.post, "/images/load"): return .json(try await loadImages(body))
        case (.post, "/images/import-host"):
            guard let program = request.query.first(where: { $0.name == "program" })?.value else { throw .badRequest("query parameter program is missing") }
            return .json(try await importHost(program))
        case (.get, "/images/layers"): return try await imageEndpoints.layers()
        case (.post, "/images/remove"): return try await imageEndpoints.remove(request)
        case (_, "/shares"), (_, "/shares/remove"): return try await ShareEndpoints(shares: shares).handle(request, route)
        case (.post, "/schedule"): return .json(try tryPlacement(try await document(body)))
        case (.put, "/simulated-nodes"):
            guard let text = request.queryValue("count"), let count = Int(text) else { throw .badRequest("query parameter count is no number") }
            try await simulate(count)
            return .json(["wanted": .integer(Int64(count))])
        case (.get, "/stats"): return .json(await stats())
        case (.get, "/logs"): return .json(await keptLogs())
        case (_, _) where route.hasPrefix("/containers/"):
            let segments = request.pathSegments ?? []
            return try await ContainerEndpoints(nodes: nodes, refusal: refusal).handle(request, Array(segments.dropFirst(3)), body: body)
        case (_, _) where route.hasPrefix("/network/"):
            guard let network = network() else { throw .serviceUnavailable("pods have no network here, or the node is starting") }
            return try await network.handle(request, Array((request.pathSegments ?? []).dropFirst(3)))
        default: throw .badRequest("\(request.method.rawValue) \(request.path) is nothing kdash knows")
        }
    }

    private var imageEndpoints: ImageEndpoints { ImageEndpoints(images: images, nodes: nodes, imagesChanged: imagesChanged) }

    /// A body of JSON, 1 MiB at most.
    private func document(_ body: any ByteSource) async throws(APIStatus) -> JSONValue {
        var bytes: [UInt8] = []
        while let more = try await body.next(maximum: 1 << 16) {
            bytes += more
            guard bytes.count <= 1 << 20 else { throw APIStatus(code: 413, reason: nil, message: "the body is larger than 1 MiB") }
        }
        do throws(JSONError) {
            return try JSON.parse(bytes)
        } catch {
            throw .badRequest("the body is no JSON: \(error)")
        }
    }

    private func listImages() -> JSONValue {
        ["images": .array(images.list().map(Self.describe))]
    }

    private func loadImages(_ body: any ByteSource) async throws(APIStatus) -> JSONValue {
        do {
            let upload = try images.beginUpload()
            while let bytes = try await body.next(maximum: 1 << 20) { try await upload.receive(bytes) }
            let loaded = try await upload.finishLoading()
            imagesChanged()
            return ["images": .array(loaded.map(Self.describe))]
        } catch let error as APIStatus {
            throw error
        } catch {
            throw .badRequest("cannot load the image archive: \(error)")
        }
    }

    private func importHost(_ program: String) async throws(APIStatus) -> JSONValue {
        do {
            let record = try await images.importHost(program: program)
            imagesChanged()
            return ["images": [Self.describe(record)]]
        } catch {
            throw .badRequest("cannot import \(program): \(error)")
        }
    }

    private func stats() async -> JSONValue {
        var samples: [JSONValue] = []
        for name in nodes.names {
            if let node = nodes.connection(named: name) { samples.append(await node.stats().value) }
        }
        return ["nodes": .array(samples)]
    }

    private func keptLogs() async -> JSONValue {
        var logs: [KeptLog] = []
        for name in nodes.names { logs += await nodes.connection(named: name)?.keptLogs() ?? [] }
        return ["logs": .array(logs.sorted { $0.lastWrite > $1.lastWrite }.map(\.value))]
    }

    private static func describe(_ record: ImageRecord) -> JSONValue {
        [
            "name": .string(record.names.first ?? record.id.description), "names": .array(record.names.map { .string($0) }),
            "id": .string(record.id.description), "size": .integer(record.size.value),
        ]
    }
}

extension APIResponse {
    /// A JSON answer.
    static func json(_ value: JSONValue, status: Int = 200) -> APIResponse {
        APIResponse(status: status, body: .bytes(JSON.encode(value)))
    }
}
