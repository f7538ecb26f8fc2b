internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// GET of `pods/log`.
enum LogSubresource {
    static func run(_ context: RequestContext) throws(APIStatus) {
        let target: PodTarget
        do throws(APIStatus) {
            target = try PodTarget(
                context.path, core: context.core, endpoint: context.endpoint, container: context.request.queryValue("container"))
        } catch {
            guard error.code == 404, let uid = context.request.queryValue("podUID") else { throw error }
            return try readKept(uid, context)
        }
        if let uid = context.request.queryValue("podUID"), uid != target.pod.uid { return try readKept(uid, context) }
        let request = try self.request(
            context.request, namespace: target.pod.namespace ?? "", pod: target.pod.name, uid: target.pod.uid, container: target.container)
        guard !target.node.isEmpty else {
            throw target.missingLog(previous: request.previous) ?? .badRequest("pod \(target.pod.name) is not scheduled yet")
        }
        let connection = try target.connection(context.core.nodes)
        context.core.tasks.perform {
            guard !context.request.queryFlag("instances") else { return context.reply(list(await connection.logInstances(request))) }
            do throws(APIStatus) {
                let source = try await connection.logs(request)
                context.reply(APIResponse(contentType: "text/plain", body: .stream(source)))
            } catch {
                // The status in the store often knows better why there is nothing yet.
                let status =
                    request.instance == nil && (error.code == 404 || error.code == 400) ? target.missingLog(previous: request.previous) ?? error : error
                context.reply(ResponseMaking.status(status))
            }
        }
    }

    /// What a node kept of a pod that is deleted. Names become part of a path there, so that only those of the API's alphabet pass.
    private static func readKept(_ uid: String, _ context: RequestContext) throws(APIStatus) {
        let (namespace, pod) = (context.path.namespace ?? "", context.path.name ?? "")
        let container = context.request.queryValue("container") ?? ""
        let gone = APIStatus.notFound(context.endpoint.descriptor.groupResource, pod)
        for name in [namespace, pod, uid, container] {
            let isName =
                !name.isEmpty && name.utf8.count <= 253 && name.utf8.first != UInt8(ascii: ".")
                && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E }
            guard isName else { throw gone }
        }
        var request = try self.request(context.request, namespace: namespace, pod: pod, uid: uid, container: container)
        request.follow = false
        let nodes = context.core.nodes
        context.core.tasks.perform { [request] in
            for connection in nodes.names.compactMap(nodes.connection) {
                if context.request.queryFlag("instances") {
                    let kept = await connection.logInstances(request)
                    if kept.isEmpty { continue }
                    return context.reply(list(kept))
                }
                do throws(APIStatus) {
                    let source = try await connection.logs(request)
                    return context.reply(APIResponse(contentType: "text/plain", body: .stream(source)))
                } catch {
                    // A node that has nothing says so by 400; the next one may have it.
                    guard error.code == 400 else { return context.reply(ResponseMaking.status(error)) }
                }
            }
            context.reply(ResponseMaking.status(gone))
        }
    }

    private static func list(_ instances: [LogInstance]) -> APIResponse {
        APIResponse(
            body: .bytes(
                JSON.encode(["kind": "LogInstanceList", "apiVersion": "kdash.dev/v1", "items": .array(instances.map(\.value))])))
    }

    /// Reads PodLogOptions. Throws Invalid in Kubernetes' words.
    static func request(
        _ request: APIRequest, namespace: String, pod: String, uid: String, container: String
    ) throws(APIStatus) -> LogRequest {
        var errors: [FieldError] = []
        func number(_ name: String, atLeast minimum: Int64) throws(APIStatus) -> Int64? {
            guard let text = request.queryValue(name), !text.isEmpty else { return nil }
            guard let value = Int64(text) else { throw .badRequest("\(name) \(text.goQuoted) is not an integer") }
            if value < minimum {
                errors.append(
                    .invalid(name, .integer(value), minimum == 0 ? "must be greater than or equal to 0" : "must be greater than 0"))
            }
            return value
        }
        var log = LogRequest(
            namespace: namespace, pod: pod, podUID: uid, container: container,
            follow: request.queryFlag("follow"), previous: request.queryFlag("previous"), timestamps: request.queryFlag("timestamps"),
            isMarked: request.queryFlag("marked"))
        log.tailLines = try number("tailLines", atLeast: 0)
        log.sinceSeconds = try number("sinceSeconds", atLeast: 1)
        log.instance = try number("instance", atLeast: 0).map { Int(clamping: $0) }
        log.limitBytes = try number("limitBytes", atLeast: 1)
        if let text = request.queryValue("sinceTime"), !text.isEmpty {
            guard let time = Timestamp(rfc3339: text) else { throw .badRequest("sinceTime \(text.goQuoted) is not an RFC 3339 time") }
            log.sinceTime = time
            if log.sinceSeconds != nil {
                errors.append(.forbidden("", "at most one of `sinceTime` or `sinceSeconds` may be specified"))
            }
        }
        if let text = request.queryValue("stream"), !text.isEmpty {
            if let stream = LogRequest.Stream(rawValue: text) {
                log.stream = stream
            } else {
                errors.append(.notSupported("stream", .string(text), ["All", "Stderr", "Stdout"]))
            }
        }
        guard errors.isEmpty else { throw .invalid(kind: GroupKind(group: "", kind: "PodLogOptions"), name: pod, errors) }
        return log
    }
}
