internal import APIMachinery
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

/// One authorized request for a resource, on its way to a verb.
struct RequestContext: Sendable {
    let core: ServerCore
    let request: APIRequest
    let path: ResourcePath
    let user: UserInfo
    let endpoint: ResourceEndpoint
    /// When the request came in.
    let now: Timestamp
    let reply: @Sendable (APIResponse) -> Void

    /// The object's name; empty on collections.
    var name: String { path.name ?? "" }
    var descriptor: ResourceDescriptor { endpoint.descriptor }
    /// Where the named object lies.
    var key: ObjectKey { endpoint.key(namespace: path.namespace, name: name) }

    func writeContext(isDryRun: Bool, subresource: String? = nil) -> WriteContext {
        WriteContext(core: core, endpoint: endpoint, now: now, subresource: subresource, isDryRun: isDryRun)
    }

    /// Runs a verb and answers with the Status it throws.
    func answering(_ body: () throws(APIStatus) -> Void) {
        do throws(APIStatus) {
            try body()
        } catch {
            reply(ResponseMaking.status(error))
        }
    }
}
