import APIMachinery
import ClusterOperations
import KubeClient

extension ClusterSession {
    package func showFindings() {
        let (scope, context) = (app.scope, app.context.name)
        keep(DetailModel(title: "Findings", binding: nil), Findings.watched, namespace: scope.single) { client throws(APIStatus) in
            FindingsText.text(await Findings.read(scope.single, client), scope: scope, context: context)
        }
    }

    package func showOwner(_ binding: ObjectBinding) {
        guard let target = known(binding) else { return }
        inquire { client throws(APIStatus) in
            let object = try await target.read(client)
            let owners = object.ownerReferences
            guard let owner = object.controllerRef ?? owners.first else { throw .badRequest("nothing owns \(target.text)") }
            let kinds = try await ServedKinds.read(client).kinds
            guard let kind = kinds.first(where: { $0.kind == owner.kind && $0.resource.groupVersion.description == owner.apiVersion }) else {
                throw .badRequest("\(owner.kind) \(owner.name) owns \(target.text), and this cluster does not serve \(owner.apiVersion)")
            }
            return ObjectTarget(
                kind.resource, kind: owner.kind, namespace: kind.isNamespaced ? target.namespace : nil, name: owner.name, uid: owner.uid)
        } then: { [weak self] owner in
            self?.show(ObjectBinding(owner, context: binding.context))
        }
    }
}
