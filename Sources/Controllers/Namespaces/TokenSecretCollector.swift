package import APIMachinery
import JSONCore
package import KubeClient
import KubeSchemas
package import LinuxKernel

/// Deletes secrets whose service account is gone or never was: no token in them is believed.
/// Source: `pkg/controller/serviceaccount/tokens_controller.go`.
package struct TokenSecretCollector: Controller {
    static let type = "kubernetes.io/service-account-token"

    package init() {}

    package var name: String { "tokens-controller" }
    /// It has no service account: it would make the tokens of all others.
    package var identity: UserInfo { UserInfo(name: "system:kube-controller-manager", groups: ["system:authenticated"]) }
    package var watched: [GroupVersionResource] { [Secret.resource, ServiceAccount.resource] }

    package func keys(
        _ resource: GroupVersionResource, _ object: KubeObject, isGone: Bool, _ caches: any Caches
    ) -> [ObjectName] {
        if resource == Secret.resource {
            return !isGone && object.string("type") == Self.type ? [ObjectName(Secret.resource, object)] : []
        }
        guard isGone else { return [] }
        return caches.all(Secret.resource, namespace: object.namespace).filter { secret in
            secret.string("type") == Self.type && secret.annotations["kubernetes.io/service-account.name"] == object.name
        }.map { ObjectName(Secret.resource, $0) }
    }

    package func reconcile(_ key: ObjectName, _ caches: any Caches, now: Timestamp) -> Reconciliation {
        guard let secret = caches.get(key), !secret.isBeingDeleted, secret.string("type") == Self.type,
            let name = secret.annotations["kubernetes.io/service-account.name"]
        else { return Reconciliation() }
        // A secret that does not say which account of the name it means holds as long as there is one.
        let uid = secret.annotations["kubernetes.io/service-account.uid"] ?? ""
        let account = ObjectName(ServiceAccount.resource, namespace: key.namespace, name: name)
        if let found = caches.get(account), uid.isEmpty || found.uid == uid { return Reconciliation() }
        // The cache of accounts may be behind that of secrets.
        return Reconciliation([
            .requireAbsent(account, uid: uid), .delete(key, uid: secret.uid, .background, reporter: nil),
        ])
    }
}
