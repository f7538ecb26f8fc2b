internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// GET of `pods/log`.
enum LogSubresource {
    static func run(_ context: RequestContext) throws(APIStatus) {
        let target = try PodTarget(
            context.path, core: context.core, endpoint: context.endpoint, container: context.request.queryValue("container"))
        let request = try self.request(context.request, target)
        guard !target.node.isEmpty else {
            throw target.missingLog(previous: request.previous) ?? .badRequest("pod \(target.pod.name) is not scheduled yet")
        }
        let connection = try target.connection(context.core.nodes)
        context.core.tasks.perform {
            do throws(APIStatus) {
                let source = try await connection.logs(request)
                context.reply(APIResponse(contentType: "text/plain", body: .stream(source)))
            } catch {
                // The status in the store often knows better why there is nothing yet.
                let status = error.code == 404 || error.code == 400 ? target.missingLog(previous: request.previous) ?? error : error
                context.reply(ResponseMaking.status(status))
            }
        }
    }

    /// Reads PodLogOptions. Throws Invalid in Kubernetes' words.
    private static func request(_ request: APIRequest, _ target: PodTarget) throws(APIStatus) -> LogRequest {
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
            namespace: target.pod.namespace ?? "", pod: target.pod.name, podUID: target.pod.uid, container: target.container,
            follow: request.queryFlag("follow"), previous: request.queryFlag("previous"), timestamps: request.queryFlag("timestamps"),
            isMarked: request.queryFlag("marked"))
        log.tailLines = try number("tailLines", atLeast: 0)
        log.sinceSeconds = try number("sinceSeconds", atLeast: 1)
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
        guard errors.isEmpty else { throw .invalid(kind: GroupKind(group: "", kind: "PodLogOptions"), name: target.pod.name, errors) }
        return log
    }
}
