internal import APIMachinery
internal import Logging
internal import NIOCore
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
        var bell = StoreBell(core.store, known: revision)
        defer { bell.close() }
        let places = Bootstrap.lasting(core, authority: authority).map { endpoint, object in
            endpoint.key(namespace: object.namespace, name: object.name).string
        }
        let prefixes = Set(places + [CustomKinds.prefix, APIServiceRegistration.prefix])
        bell.listen(to: prefixes)
        for await _ in bell.rings {
            do throws(APIStatus) {
                try await Bootstrap.keep(core, authority: authority)
            } catch {
                guard !Task.isCancelled else { return }
                core.logger.warning("keeping the cluster's own objects failed", metadata: ["error": "\(error.message)"])
                core.group.any().scheduleTask(in: .seconds(1), bell.ring)
            }
            bell.listen(to: prefixes)
        }
    }
}
