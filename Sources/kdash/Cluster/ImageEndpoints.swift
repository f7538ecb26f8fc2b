import APIMachinery
import ContainerImages
import JSONCore
import KubeClient
import LinuxKernel

/// `/kdash/v1/images/…` beyond listing and loading: layers, who uses an image, and removal.
struct ImageEndpoints: Sendable {
    let images: ImageStore
    let nodes: NodeDirectory
    let imagesChanged: @Sendable () -> Void

    /// Every image with its layers and the containers that were made from it.
    func layers() async throws(APIStatus) -> APIResponse {
        let users = await users()
        do throws(ImageError) {
            let described = try images.list().map { record throws(ImageError) -> JSONValue in
                let layers = try images.layers(record).map { layer -> JSONValue in
                    [
                        "chain": .string("\(layer.chain)"), "digest": .string("\(layer.content)"), "size": .integer(layer.size.value),
                        "command": .string(layer.command),
                    ]
                }
                return [
                    "id": .string("\(record.id)"), "names": .array(record.names.map { .string($0) }), "size": .integer(record.size.value),
                    "loadedAt": .string(record.loadedAt.rfc3339), "source": .string(record.source), "layers": .array(layers),
                    "containers": .array((users["\(record.id)"] ?? []).sorted().map { .string($0) }),
                ]
            }
            return .json(["images": .array(described)])
        } catch {
            throw .internalError("\(error)")
        }
    }

    /// Removes the images of the ids in the query, unless a container was made from one.
    func remove(_ request: APIRequest) async throws(APIStatus) -> APIResponse {
        var ids: Set<Digest> = []
        for text in request.queryValues("id") {
            guard let id = Digest(text) else { throw .badRequest("\"\(text)\" is no image's id") }
            ids.insert(id)
        }
        guard !ids.isEmpty else { throw .badRequest("query parameter id is missing: the ids of the images to remove") }
        let used = Set(await users().keys.compactMap { Digest($0) })
        let images = images
        do throws(ImageError) {
            let chosen = ids
            let (removed, freed) = try await KernelThread.run("kdash-images") { () throws(ImageError) in try images.remove(ids: chosen, inUse: used) }
            imagesChanged()
            return .json(["removed": .array(removed.map { .string("\($0.id)") }), "freed": .integer(freed.value)])
        } catch {
            guard error.code != .inUse else { throw APIStatus(code: 409, reason: .conflict, message: "\(error)") }
            throw .internalError("\(error)")
        }
    }

    /// The containers of all nodes, as NAMESPACE/POD/CONTAINER, by the id of their image.
    func users() async -> [String: [String]] {
        var users: [String: [String]] = [:]
        for name in nodes.names {
            guard let node = nodes.connection(named: name)?.containers else { continue }
            users.merge(await node.imageUsers()) { $0 + $1 }
        }
        return users
    }
}
