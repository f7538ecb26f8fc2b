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
    /// When the request came in; of a read of the past the moment that is read.
    var now: Timestamp
    let reply: @Sendable (APIResponse) -> Void
    /// What admission and strategies tell the client besides the answer.
    var notes = WarningBox()

    /// The object's name; empty on collections.
    var name: String { path.name ?? "" }
    var descriptor: ResourceDescriptor { endpoint.descriptor }
    /// Where the named object lies.
    var key: ObjectKey { endpoint.key(namespace: path.namespace, name: name) }

    func writeContext(isDryRun: Bool, subresource: String? = nil) -> WriteContext {
        WriteContext(
            core: core, endpoint: endpoint, user: user, now: now, warnings: notes, subresource: subresource, isDryRun: isDryRun,
            manager: manager(.update, subresource: subresource))
    }

    /// The client as an owner of fields.
    func manager(_ operation: ManagedFields.Operation, subresource: String?) -> ManagedFields.Manager {
        ManagedFields.Manager(
            name: request.fieldManager, operation: operation, apiVersion: descriptor.groupVersion.apiVersion, subresource: subresource ?? "")
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
