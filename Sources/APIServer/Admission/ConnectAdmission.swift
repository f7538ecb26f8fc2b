internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel
internal import NIOPosix

/// Admission of what opens a connection: exec, attach, forwarded ports and proxies. The object is the options of the request.
enum ConnectAdmission {
    private static let kinds = ["exec": "ExecOptions", "attach": "AttachOptions", "portforward": "PortForwardOptions", "proxy": "ProxyOptions"]
    private static let owners = ["pods": "Pod", "services": "Service", "nodes": "Node"]

    /// Throws what a step says; one that may wait is asked on a thread that may block.
    static func check(
        _ request: APIRequest, _ path: ResourcePath, _ endpoint: ResourceEndpoint, user: UserInfo, _ notes: WarningBox, _ core: ServerCore
    ) async throws(APIStatus) {
        let subresource = path.subresource ?? ""
        let manager = ManagedFields.Manager(
            name: request.userAgent ?? "", operation: .update, apiVersion: endpoint.descriptor.groupVersion.apiVersion, subresource: subresource)
        let context = WriteContext(
            core: core, endpoint: endpoint, user: user, now: core.time.now(), warnings: notes, subresource: subresource, isDryRun: false,
            manager: manager)
        let object = options(request, path, subresource)
        let kind = GroupVersionKind(group: "", version: "v1", kind: object.kind)
        let admission = AdmissionRequest(.connect, kind: kind, name: path.name ?? "", namespace: path.namespace, context)
        guard core.admission.waits(group: path.group, resource: path.resource, subresource: subresource) else {
            return try admit(object, admission)
        }
        let result: Result<Void, APIStatus> = await withCheckedContinuation { continuation in
            NIOThreadPool.singleton.submit { _ in
                do throws(APIStatus) {
                    try admit(object, admission)
                    continuation.resume(returning: .success(()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        try result.get()
    }

    private static func admit(_ options: KubeObject, _ request: AdmissionRequest) throws(APIStatus) {
        var options = options
        try request.core.admission.mutate(&options, request)
        try request.core.admission.validate(options, request)
    }

    /// The request as its options object, for example core/v1 PodExecOptions.
    private static func options(_ request: APIRequest, _ path: ResourcePath, _ subresource: String) -> KubeObject {
        var object: JSONObject = [
            "kind": .string("\(owners[path.resource] ?? "")\(kinds[subresource] ?? "")"), "apiVersion": "v1",
        ]
        for flag in ["stdin", "stdout", "stderr", "tty"] where request.queryFlag(flag) { object[flag] = true }
        if let container = request.queryValue("container") { object["container"] = .string(container) }
        let command = request.queryValues("command")
        if !command.isEmpty { object["command"] = .array(command.map { .string($0) }) }
        let ports = request.queryValues("ports").flatMap { $0.split(separator: ",") }.compactMap { Int64($0) }
        if !ports.isEmpty { object["ports"] = .array(ports.map { .integer($0) }) }
        if subresource == "proxy" { object["path"] = .string("/\(path.rest.joined(separator: "/"))") }
        return KubeObject(.object(object))
    }
}
