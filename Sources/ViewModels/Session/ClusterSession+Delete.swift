import APIMachinery
import ClusterOperations
import KubeClient
import KubeSchemas

extension ClusterSession {
    package func askDelete(_ bindings: [ObjectBinding], isForced: Bool) {
        guard let first = bindings.first else { return }
        guard bindings.allSatisfy({ $0.builtinKind == "Pod" }) else { return askDeleteObjects(bindings, isForced: isForced) }
        let isOne = bindings.count == 1
        let forced = [TextSpan("It gets no time to end; what it had open may be broken.", .dim)]
        let body = { (pod: KubeObject?) -> [[TextSpan]] in
            let grace = isOne ? Self.graceText(pod) : "Each gets its grace period to end."
            return (isOne ? Self.ownerLines(pod) : [[TextSpan("in context ", .dim), TextSpan(first.context)]])
                + [isForced ? forced : [TextSpan(grace, .dim)]]
        }
        let title = isForced ? "Delete now, without grace?" : isOne ? "Delete this pod?" : "Delete these \(bindings.count) pods?"
        let dialog = DialogModel(
            title: title, body: body(nil), binding: isOne ? first : nil, bindings: isOne ? [] : bindings,
            choices: [
                DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Delete", key: "y", isDestructive: true),
            ],
            defaultChoice: 0, typedName: isForced ? first.name : bindings.count > DeletionPlan.manyObjects ? "delete \(bindings.count)" : nil
        ) { [weak self] id in
            self?.app.modal = nil
            if id == "yes" { self?.delete(bindings, isForced: isForced) }
        }
        app.modal = .dialog(dialog)
        guard isOne else { return }
        // The question stands at once: a key that follows must not be taken for a command.
        withPod(first, .pod) { session, pod in
            if pod == nil, let uid = first.uid { return session.noteGone([uid]) }
            dialog.body = body(pod)
            session.app.signal.touch()
        }
    }

    private static func ownerLines(_ pod: KubeObject?) -> [[TextSpan]] {
        guard let object = pod else { return [] }
        guard let owner = object.controllerRef else { return [[TextSpan("Nothing makes another one.", .warning)]] }
        return [
            [
                TextSpan("Its owner "), TextSpan("\(owner.kind) \(owner.name)", .accent),
                TextSpan(owner.kind == "Job" ? " may make another one." : " makes another one."),
            ]
        ]
    }

    private static func graceText(_ pod: KubeObject?) -> String {
        guard let grace = pod.map({ Pod($0).spec.terminationGracePeriodSeconds }) else { return "It gets its grace period to end." }
        return grace == 1 ? "It gets one second to end." : "It gets \(grace) seconds to end."
    }

    private func delete(_ bindings: [ObjectBinding], isForced: Bool) {
        guard let client = cluster?.client else { return }
        app.list.clearMarks()
        guard bindings.count == 1, let binding = bindings.first else { return deleteMany(bindings, isForced: isForced) }
        tasks.add { [weak self] in
            do throws(APIStatus) {
                try await Self.deletePod(binding, isForced: isForced, client)
                self?.app.toast("deleting \(binding.text)", .ok)
            } catch {
                self?.reportDeletion(error, of: binding)
            }
        }
    }

    private func deleteMany(_ bindings: [ObjectBinding], isForced: Bool) {
        let targets = bindings.compactMap(\.target)
        operate("Delete", on: targets) { target, client throws(APIStatus) in
            do throws(APIStatus) {
                let binding = ObjectBinding(target, context: "")
                try await Self.deletePod(binding, isForced: isForced, client)
                return "it ends"
            } catch  where error.code == 404 || error.code == 409 {
                throw APIStatus(code: error.code, reason: error.reason, message: "it is gone: nothing was deleted")
            }
        }
    }

    nonisolated private static func deletePod(_ binding: ObjectBinding, isForced: Bool, _ client: KubeClient) async throws(APIStatus) {
        try await client.delete(
            Pod.resource, namespace: binding.namespace, name: binding.name, DeleteOptions(gracePeriodSeconds: isForced ? 0 : nil, uid: binding.uid))
    }

    private func reportDeletion(_ status: APIStatus, of binding: ObjectBinding) {
        if status.code == 404 || status.code == 409 {
            app.toast("\(binding.text) is gone: nothing was deleted", .warning)
        } else {
            app.toast("\(binding.text) was not deleted: \(status.message)", .error)
        }
    }

    package func askDeleteNamespace(_ binding: ObjectBinding) {
        let pods = app.pods.countByNamespace[binding.name] ?? 0
        let body: [[TextSpan]] = [
            [
                TextSpan(
                    "Everything in it is deleted with it: \(pods == 1 ? "1 pod" : "\(pods) pods"), their owners, secrets, all.", .warning)
            ]
        ]
        app.modal = .dialog(
            DialogModel(
                title: "Delete namespace \(binding.name)?", body: body, binding: binding,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "yes", title: "Delete", key: "y", isDestructive: true),
                ],
                defaultChoice: 0, typedName: binding.name
            ) { [weak self] id in
                self?.app.modal = nil
                if id == "yes" { self?.deleteNamespace(binding) }
            })
    }

    private func deleteNamespace(_ binding: ObjectBinding) {
        guard let client = cluster?.client else { return }
        tasks.add { [weak self] in
            do throws(APIStatus) {
                try await client.delete(Namespace.resource, namespace: nil, name: binding.name, DeleteOptions(uid: binding.uid))
                self?.app.toast("deleting \(binding.text)", .ok)
            } catch {
                self?.reportDeletion(error, of: binding)
            }
        }
    }
}
