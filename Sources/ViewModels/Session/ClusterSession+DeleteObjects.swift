import APIMachinery
import ClusterOperations
import KubeClient

/// Deleting objects of any kind: what will go with them is said first.
extension ClusterSession {
    func askDeleteObjects(_ bindings: [ObjectBinding], isForced: Bool) {
        let targets = bindings.compactMap(known)
        guard let target = targets.first, targets.count == bindings.count else { return }
        guard targets.count == 1 else { return askDeleteMany(bindings, targets, isForced: isForced) }
        app.toast("looking what goes with \(target.text)", .dim)
        inquire { client throws(APIStatus) in
            try await DeletionPlan.read(target, try await ServedKinds.read(client), client)
        } then: { [weak self] plan in
            self?.askDelete(bindings[0], plan, isForced: isForced)
        }
    }

    private func askDelete(_ binding: ObjectBinding, _ plan: DeletionPlan, isForced: Bool) {
        let isGreat = DeletionPlan.harm(plan.target.groupKind, isForced: isForced) == .great
        var choices = [DialogChoice(id: "no", title: "No", key: "n"), DialogChoice(id: "background", title: "Delete", key: "y", isDestructive: true)]
        if !plan.dependents.isEmpty, plan.target.kind != "Namespace" {
            choices.append(DialogChoice(id: "foreground", title: "After what it owns", key: "a", isDestructive: true))
            choices.append(DialogChoice(id: "orphan", title: "Keep what it owns", key: "k", isDestructive: true))
        }
        app.modal = .dialog(
            DialogModel(
                title: isForced ? "Delete now, without grace?" : "Delete this \(binding.kind)?", body: DeletionText.body(plan, isForced: isForced),
                binding: binding, choices: choices, defaultChoice: 0, typedName: isGreat ? binding.name : nil
            ) { [weak self] id in
                self?.app.modal = nil
                guard id != "no" else { return }
                let propagation: DeleteOptions.Propagation = id == "orphan" ? .orphan : id == "foreground" ? .foreground : .background
                self?.operate { client throws(APIStatus) in
                    try await Deletions.delete(plan.target, propagation: propagation, isForced: isForced, client)
                }
            })
    }

    private func askDeleteMany(_ bindings: [ObjectBinding], _ targets: [ObjectTarget], isForced: Bool) {
        let isGreat =
            targets.count > DeletionPlan.manyObjects || targets.contains { DeletionPlan.harm($0.groupKind, isForced: isForced) == .great }
        let body = [[TextSpan("What they own goes with them.", .warning)]]
        ask("Delete these \(targets.count) objects?", body, bindings, verb: "Delete", typedName: isGreat ? "delete \(targets.count)" : nil) { [weak self] in
            guard let self else { return }
            app.list.clearMarks()
            operate("Delete", on: targets) { target, client throws(APIStatus) in
                try await Deletions.delete(target, propagation: .background, isForced: isForced, client)
            }
        }
    }

    func askEvict(_ bindings: [ObjectBinding]) {
        let targets = bindings.compactMap(known)
        guard !targets.isEmpty else { return }
        let body = [[TextSpan("A disruption budget may refuse it; then the pod stays.", .dim)]]
        ask(targets.count == 1 ? "Evict this pod?" : "Evict these \(targets.count) pods?", body, bindings, verb: "Evict") { [weak self] in
            self?.operate("Evict", on: targets) { target, client throws(APIStatus) in try await Deletions.evict(target, client) }
        }
    }

    func askFinalizers(_ binding: ObjectBinding, _ target: ObjectTarget) {
        inquire { client throws(APIStatus) in
            try await target.read(client)
        } then: { [weak self] object in
            guard let self else { return }
            let finalizers = object.finalizers
            guard !finalizers.isEmpty else { return app.toast("\(target.text) has no finalizers", .dim) }
            let body =
                finalizers.map { [TextSpan($0, .accent)] } + [
                    [TextSpan("Whoever was to clean up after it never does: what they made may stay for good.", .warning)]
                ]
            ask("Remove its finalizers?", body, [binding], verb: "Remove", typedName: binding.name) { [weak self] in
                self?.operate { client throws(APIStatus) in try await Deletions.removeFinalizers(target, finalizers, client) }
            }
        }
    }

    func askCleanPods(_ binding: ObjectBinding) {
        let namespace = binding.builtinKind == "Namespace" ? binding.name : binding.namespace ?? ""
        inquire { client throws(APIStatus) in
            try await FinishedPods.find(in: namespace, client)
        } then: { [weak self] pods in
            guard let self else { return }
            guard !pods.isEmpty else { return app.toast("namespace \(namespace) has no finished pods", .dim) }
            let bindings = pods.map { ObjectBinding($0, context: binding.context) }
            let body = [[TextSpan("Their logs go with them.", .warning)]]
            ask("Delete \(pods.count) finished pods of \(namespace)?", body, bindings, verb: "Delete", typedName: namespace) { [weak self] in
                self?.operate { client throws(APIStatus) in try await FinishedPods.delete(pods, client) }
            }
        }
    }
}
