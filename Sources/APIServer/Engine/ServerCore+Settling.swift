internal import APIMachinery
internal import KubeClient
internal import LinuxKernel
internal import ObjectStore

extension ServerCore {
    /// Who writes what the server decides by itself.
    private static let itself = UserInfo(name: "system:apiserver", groups: ["system:masters"])

    /// Writes what the server itself has decided about an object of the cluster, as long as it is the one that was looked at; one that is
    /// wanted gone and has no finalizers left goes. Whose change came first is looked at again by whoever listens for changes.
    func settle(_ object: KubeObject, as wanted: KubeObject, _ endpoint: ResourceEndpoint) async throws(APIStatus) {
        guard wanted.value != object.value else { return }
        var path = ResourcePath(group: endpoint.descriptor.group, version: endpoint.descriptor.version, resource: endpoint.descriptor.plural)
        path.name = wanted.name
        let context = RequestContext(
            core: self, request: APIRequest(.put, path: ""), path: path, user: Self.itself, endpoint: endpoint, now: time.now(), reply: { _ in })
        let resource = endpoint.descriptor.groupResource
        let mutation = Mutation(context, isDryRun: false, subresource: "status", surfacesConflicts: true) { (current) throws(APIStatus) in
            guard let current, current.value == object.value else { throw .conflict(resource, wanted.name, "it has changed") }
            return wanted.isBeingDeleted && wanted.finalizers.isEmpty ? .remove(wanted) : .put(wanted)
        }
        let result = await withCheckedContinuation { continuation in
            mutation.run { continuation.resume(returning: $0) }
        }
        do throws(APIStatus) {
            _ = try result.get()
        } catch  where error.reason == .conflict || error.reason == .notFound {
            // Its change is looked at next.
        }
    }
}
