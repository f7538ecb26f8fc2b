internal import APIMachinery
internal import ObjectStore

/// Puts back what every cluster must have and somebody removed, and what says where the server is and somebody changed; lets APIServices
/// follow the kinds that are served. Wakes only when one of these objects changes, or a CustomResourceDefinition.
/// Source: `pkg/controlplane/controller/kubernetesservice`, kube-aggregator `pkg/controllers/autoregister`.
final class BootstrapKeeper: Sendable {
    private let core: ServerCore
    private let authority: String?
    private let revision: Int64

    /// Made when the bootstrap has written everything.
    init(_ core: ServerCore, authority: String?) {
        self.core = core
        self.authority = authority
        revision = core.store.currentRevision
    }

    /// Works until the task is cancelled.
    func run() async {
        let places = Bootstrap.lasting(core, authority: authority).map { endpoint, object in
            endpoint.key(namespace: object.namespace, name: object.name).string
        }
        let prefixes = Set(places + [CustomKinds.prefix, APIServiceRegistration.prefix])
        await StoreBell.answer(core, "keeping the cluster's own objects", known: revision, prefixes) { () throws(APIStatus) in
            try await Bootstrap.keep(self.core, authority: self.authority)
            return prefixes
        }
    }
}
