import APIMachinery
import ClusterOperations
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// Does with what controls some pods what was asked for on the pods. Pods of one owner count once; a pod that nothing controls is taken
    /// itself where that can be done, and otherwise it is said.
    func performOnControllers(_ operation: ObjectOperation, of pods: [ObjectTarget]) {
        inquire { client throws(APIStatus) in
            var found: [ObjectTarget] = []
            for pod in pods {
                let owner = try await pod.controller(client) ?? pod
                if !found.contains(owner) { found.append(owner) }
            }
            return found
        } then: { [weak self] targets in
            guard let self, let first = targets.first else { return }
            guard targets.count == 1 || operation.entry.takesMany else {
                return app.toast("it works on one object, and these pods belong to \(targets.count)", .warning)
            }
            for target in targets {
                let isBarePod = target.resource == Pod.resource
                guard !isBarePod || operation.takesBarePod else { return app.toast("nothing controls \(target.text)", .warning) }
                guard !isBarePod, let refusal = operation.refusal(for: ObjectBinding(target, context: app.context.name)) else { continue }
                return app.toast("\(target.text) controls it: \(refusal)", .warning)
            }
            let bindings = targets.map { ObjectBinding($0, context: app.context.name) }
            perform(operation, on: bindings, bindings[0], first)
        }
    }
}

extension ObjectOperation {
    /// Whether a pod that nothing controls can have it done.
    fileprivate var takesBarePod: Bool { self == .setImage }
}

extension ObjectTarget {
    /// What people mean by the controller of this pod: a Deployment stands behind its ReplicaSet, a CronJob behind its Job. Nil when nothing
    /// controls it. Throws what the server says, also that the pod is gone or another one of its name.
    fileprivate func controller(_ client: KubeClient) async throws(APIStatus) -> ObjectTarget? {
        guard let owner = try await read(client).controllerRef else { return nil }
        let target = try Self.target(of: owner, namespace)
        guard [ReplicaSet.resource, Job.resource].contains(target.resource) else { return target }
        do throws(APIStatus) {
            guard let above = try await target.read(client).controllerRef else { return target }
            return try Self.target(of: above, namespace)
        } catch  where error.code == 404 {
            return target
        }
    }

    private static func target(of owner: OwnerReference, _ namespace: String?) throws(APIStatus) -> ObjectTarget {
        let parts = owner.apiVersion.split(separator: "/").map(String.init)
        let group = parts.count == 2 ? parts[0] : ""
        guard let descriptor = builtinSchemas.resources.first(where: { $0.kind == owner.kind && $0.group == group }) else {
            throw .badRequest("\(owner.kind) \(owner.name) controls it: go to it by its kind (:) and do it there")
        }
        return ObjectTarget(descriptor.gvr, kind: owner.kind, namespace: namespace, name: owner.name, uid: owner.uid)
    }
}
