import APIMachinery
import ClusterOperations
import KubeClient

extension ClusterSession {
    func cordon(_ targets: [ObjectTarget], _ isCordoned: Bool) {
        operate(isCordoned ? "Cordon" : "Uncordon", on: targets) { target, client throws(APIStatus) in
            try await NodeMarks.setCordoned(target, isCordoned, client)
        }
    }

    func askTaints(_ binding: ObjectBinding, _ target: ObjectTarget) {
        inquire { client throws(APIStatus) in
            NodeMarks.taints(try await target.read(client))
        } then: { [weak self] taints in
            guard let self else { return }
            let items = [PaletteItem(id: "", title: "add a taint")] + taints.map { PaletteItem(id: $0.text, title: $0.text) }
            app.pick("Taints of \(target.text)", items) { id in self.editTaint(binding, target, taints.first { $0.text == id }) }
        }
    }

    private func editTaint(_ binding: ObjectBinding, _ target: ObjectTarget, _ old: NodeMarks.Taint?) {
        let label = old == nil ? "taint, as key=value:NoSchedule" : "taint; nothing removes it"
        let check = { (text: String) in text.isEmpty ? nil : Self.problem { () throws(APIStatus) in _ = try NodeMarks.Taint(parsing: text) } }
        askLine(label, old?.text ?? "", check: check) { [weak self] text in
            guard let self else { return }
            // best effort: the line was checked; an empty one takes the taint away.
            let new = try? NodeMarks.Taint(parsing: text)
            guard old != nil || new != nil, old != new else { return }
            let taint = new
            let go: @MainActor () -> Void = { [weak self] in
                self?.operate { client throws(APIStatus) in try await NodeMarks.setTaint(target, old, taint, client) }
            }
            guard let taint, taint.effect == "NoExecute" else { return go() }
            ask(
                "Put \(taint.text) on it?", [[TextSpan("Every pod that does not tolerate it is evicted at once.", .warning)]], [binding], verb: "Put", onYes: go
            )
        }
    }

    func askMarks(_ binding: ObjectBinding, _ target: ObjectTarget, _ map: ObjectMarks.Map) {
        inquire { client throws(APIStatus) in
            ObjectMarks.entries(try await target.read(client), map)
        } then: { [weak self] entries in
            guard let self else { return }
            let word = map == .labels ? "label" : "annotation"
            let items =
                [PaletteItem(id: "", title: "add \(map == .labels ? "a" : "an") \(word)")]
                + entries.map { PaletteItem(id: $0.key, title: $0.key, detail: String($0.value.prefix(200))) }
            app.pick("\(map == .labels ? "Labels" : "Annotations") of \(target.text)", items) { key in
                let old = entries.first { $0.key == key }
                let label = old == nil ? "\(word), as key=value" : "\(word); key- removes it"
                self.askLine(label, old.map { "\($0.key)=\($0.value)" } ?? "", check: Self.marksProblem) { [weak self] text in
                    guard text != old.map({ "\($0.key)=\($0.value)" }) else { return }
                    self?.operate { client throws(APIStatus) in try await ObjectMarks.change(target, map, old?.key, text, client) }
                }
            }
        }
    }

    /// What makes a text no change of labels or annotations; nil when it is one.
    static func marksProblem(_ text: String) -> String? { problem { () throws(APIStatus) in try ObjectMarks.check(text) } }

    /// Why something is refused; nil when it is not.
    static func problem(_ work: () throws(APIStatus) -> Void) -> String? {
        do throws(APIStatus) {
            try work()
            return nil
        } catch {
            return error.message
        }
    }

    // MARK: - Drain

    func askDrain(_ binding: ObjectBinding, _ target: ObjectTarget) {
        if let uid = binding.uid, let running = operations.drains[uid] { return show(running.model) }
        inquire { client throws(APIStatus) in
            try await DrainPlan.read(target, client)
        } then: { [weak self] plan in
            guard let self else { return }
            let model = DetailModel(title: "Drain", binding: binding)
            let text = DrainText.plan(plan, context: binding.context)
            model.show(text)
            show(model)
            guard !plan.going.isEmpty || !plan.isCordoned else { return app.toast("\(target.text) is cordoned and has nothing to evict", .dim) }
            let isLossy = plan.going.contains { $0.fate == .lost || !$0.localData.isEmpty }
            ask("Drain this node?", DrainText.summary(plan), [binding], verb: "Drain", typedName: isLossy ? binding.name : nil) { [weak self] in
                self?.drain(plan, model)
            }
        }
    }

    private func drain(_ plan: DrainPlan, _ model: DetailModel) {
        guard let client = cluster?.client else { return }
        let key = plan.node.uid ?? plan.node.name
        let drain = Drain(plan, client, time: time)
        let work = tasks.add { [weak self, app] in
            do throws(APIStatus) {
                try await drain.run { progress in await Self.tell(progress, plan, model, app) }
                if !Task.isCancelled { self?.endDrain(plan, model, nil) }
            } catch {
                self?.endDrain(plan, model, error)
            }
        }
        operations.drains[key] = OperationState.RunningDrain(work: work, model: model)
        model.onStop = { [weak self, weak model] in
            guard let self, let model else { return }
            tasks.cancelWork(work)
            endDrain(plan, model, APIStatus(code: 499, reason: nil, message: "it was stopped; what was evicted stays away, and the node stays cordoned"))
        }
    }

    private static func tell(_ progress: Drain.Progress, _ plan: DrainPlan, _ model: DetailModel, _ app: AppModel) {
        guard model.onStop != nil else { return }
        let text = DrainText.progress(progress, plan, context: model.binding?.context ?? "")
        model.show(text)
        app.signal.touch()
    }

    private func endDrain(_ plan: DrainPlan, _ model: DetailModel, _ failure: APIStatus?) {
        operations.drains[plan.node.uid ?? plan.node.name] = nil
        model.onStop = nil
        if let failure {
            model.lines.append([TextSpan(failure.message, .warning)])
            app.toast("\(plan.node.text): \(failure.message)", .warning)
        } else {
            app.toast("\(plan.node.text) is drained", .ok)
        }
        app.signal.touch()
    }

    // MARK: - Owners

    func showTree(_ binding: ObjectBinding, _ target: ObjectTarget) {
        keep(DetailModel(title: "Owners", binding: binding), TreeText.watched, namespace: target.namespace) { client throws(APIStatus) in
            let tree = try await OwnershipTree.read(target, try await ServedKinds.read(client), client)
            return TreeText.text(tree, target, context: binding.context)
        }
    }
}
