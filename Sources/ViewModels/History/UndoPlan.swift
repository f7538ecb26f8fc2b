import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas

/// What taking a write back would do, found without changing anything.
struct UndoPlan: Sendable {
    /// One write of it.
    enum Step: Sendable {
        /// Deletes what was created, if it is still that.
        case delete(UndoEntry)
        /// Writes what we had changed back into the object as it is now.
        case change(UndoEntry, KubeObject)
        /// Creates what was deleted.
        case recreate(UndoEntry, KubeObject)
        /// Lets the server bring back what was deleted, with what had these uids and went with it, in one transaction.
        case restore(UndoEntry, with: [String])
    }

    /// Why nothing can be done; nil when something can.
    var obstacle: String?
    /// The writes, in order.
    var steps: [Step] = []
    /// What the objects will lose and gain.
    var lines: [DiffLine] = []
    /// What comes back with a deleted object.
    var returning: [String] = []
    /// What does not come back.
    var losses: [String] = []
    /// What the user has to know before.
    var warnings: [String] = []
    /// What the server says to a dry run; empty when it accepts.
    var refusals: [String] = []

    /// Finds out what taking back `entry` means now; `others` is the rest of the journal. `restores` says whether the server remembers what
    /// went with a deleted object and the object is to be as it was last.
    @concurrent static func make(_ entry: UndoEntry, others: [UndoEntry], client: KubeClient, restores: Bool = false) async -> UndoPlan {
        var plan = UndoPlan()
        if entry.isUncertain { plan.warnings.append("no answer came to this write: it may never have happened") }
        do throws(APIStatus) {
            let live = try await present(entry, client)
            switch entry.verb {
            case .created: plan.planDeletion(entry, live)
            case .changed: try await plan.planRestoration(entry, live, client)
            case .deleted: try await plan.planCreation(entry, live, others, client, restores: restores)
            }
        } catch {
            plan.obstacle = error.message
        }
        return plan
    }

    private static func present(_ entry: UndoEntry, _ client: KubeClient) async throws(APIStatus) -> KubeObject? {
        do throws(APIStatus) {
            return try await client.get(entry.resource, namespace: entry.namespace, name: entry.name)
        } catch {
            if error.code == 404 { return nil }
            throw error
        }
    }

    // MARK: - Created

    private mutating func planDeletion(_ entry: UndoEntry, _ live: KubeObject?) {
        guard let live else {
            obstacle = "\(entry.title) is gone already"
            return
        }
        guard live.uid == entry.uid else {
            obstacle = "\(entry.title) was deleted and made anew since: this would delete another one"
            return
        }
        guard !live.isBeingDeleted else {
            obstacle = "\(entry.title) is being deleted already"
            return
        }
        lines = UnifiedDiff.lines(from: EditForm.text(live), to: "")
        losses = UndoLosses.ofDeleting(live)
        steps = [.delete(entry)]
    }

    // MARK: - Changed

    private mutating func planRestoration(_ entry: UndoEntry, _ live: KubeObject?, _ client: KubeClient) async throws(APIStatus) {
        guard let before = entry.before else {
            obstacle = "\(entry.title) could not be read before it was changed: nothing was kept"
            return
        }
        guard let live else {
            obstacle = "\(entry.title) is gone: undo its deletion first"
            return
        }
        guard live.uid == before.uid else {
            obstacle = "\(entry.title) was deleted and made anew since: what was changed is gone"
            return
        }
        guard let after = entry.after else {
            obstacle = "no answer came to this write: compare \(entry.title) with what it was, and edit it"
            return
        }
        let (wanted, ours, now) = (EditForm.value(before), EditForm.value(after), EditForm.value(live))
        let base = EditBase(text: ours, live: ours, uid: before.uid)
        if base.isInConflict(text: wanted, live: now) {
            let writer = ClusterSession.writer(from: after, to: live).map { " by \($0)" } ?? ""
            warnings.append("changed since\(writer) at the same place: this writes over that")
        }
        var merged: KubeObject
        if let type = builtinSchemas.resource(kind: live.gvk)?.type {
            merged = KubeObject(try ApplyStep.merged(base: ours, text: wanted, live: live.value, type: type))
        } else {
            merged = KubeObject(try MergePatch.apply(MergePatch.diff(from: ours, to: wanted), to: live.value))
        }
        merged["metadata", "managedFields"] = nil
        lines = UnifiedDiff.lines(from: EditForm.text(live), to: EditForm.text(merged))
        guard !lines.isEmpty else {
            obstacle = "\(entry.title) is as it was before already"
            return
        }
        losses = UndoLosses.ofRestoring(before)
        if let owner = live.controllerRef { warnings.append("its \(owner.kind) \(owner.name) keeps it as it wants: it may change it again at once") }
        await ask { () throws(APIStatus) in _ = try await client.update(entry.resource, merged, options: .strictDryRun) }
        steps = [.change(entry, merged)]
    }

    // MARK: - Deleted

    private mutating func planCreation(
        _ entry: UndoEntry, _ live: KubeObject?, _ others: [UndoEntry], _ client: KubeClient, restores: Bool
    ) async throws(APIStatus) {
        guard let before = entry.before else {
            obstacle = "\(entry.title) could not be read before it was deleted: nothing was kept"
            return
        }
        if let live {
            obstacle =
                live.uid != before.uid
                ? "another \(entry.title) is there already"
                : live.isBeingDeleted
                    ? "\(entry.title) is still being deleted: undo it when it is gone" : "\(entry.title) is there: it was not deleted"
            return
        }
        if let owner = before.controllerRef, ["ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Deployment", "CronJob"].contains(owner.kind) {
            let isThere = await isPresent(owner, namespace: before.namespace, client)
            if isThere {
                obstacle = "its \(owner.kind) \(owner.name) makes another one by itself: there is nothing to bring back"
                return
            }
        }
        let fresh = UndoLosses.recreatable(before)
        lines = UnifiedDiff.lines(from: "", to: EditForm.text(fresh))
        if restores, await planRestoring(entry, before, client) { return }
        losses = UndoLosses.ofRecreating(before)
        await ask { () throws(APIStatus) in
            _ = try await client.create(entry.resource, fresh, namespace: entry.namespace, options: WriteOptions(isDryRun: true))
        }
        steps = [.recreate(entry, fresh)]
        for child in others where child.verb == .deleted && child.before?.ownerReferences.contains(where: { $0.uid == before.uid }) == true {
            guard let object = child.before else { continue }
            steps.append(.recreate(child, UndoLosses.recreatable(object)))
            warnings.append("\(child.title), which it owned, comes back with it")
        }
    }

    /// Asks the server what comes back with the object; false when it cannot bring back more than the object itself.
    private mutating func planRestoring(_ entry: UndoEntry, _ before: KubeObject, _ client: KubeClient) async -> Bool {
        do throws(APIStatus) {
            let outlook = try await client.restoreOutlook(of: entry.resource, namespace: entry.namespace, name: entry.name, uid: entry.uid)
            guard let outlook, let root = outlook.items.first else { return false }
            returning = RestoreText.returning(outlook)
            losses = UndoLosses.ofRecreating(before, withDependents: true) + RestoreText.losses(outlook)
            steps = [.restore(entry, with: outlook.items.map(\.uid).filter { $0 != root.uid })]
        } catch {
            // Its deletion is not kept any more, or too much went with it: the object alone can be created.
            if ![404, 413].contains(error.code) {
                refusals.append(error.message)
                return true
            }
            warnings.append("only the object itself comes back: \(error.message)")
            return false
        }
        return true
    }

    private func isPresent(_ owner: OwnerReference, namespace: String?, _ client: KubeClient) async -> Bool {
        guard let group = GroupVersion(apiVersion: owner.apiVersion),
            let descriptor = builtinSchemas.resource(kind: GroupVersionKind(group, kind: owner.kind))
        else { return false }
        // best effort: an owner that cannot be read is taken for gone, and the server decides.
        let live = try? await client.get(descriptor.gvr, namespace: namespace, name: owner.name)
        return live?.uid == owner.uid
    }

    private mutating func ask(_ dryRun: () async throws(APIStatus) -> Void) async {
        do throws(APIStatus) { try await dryRun() } catch { refusals.append(error.message) }
    }

    // MARK: - Doing it

    /// Carries the plan out; throws the server's first refusal. A change made since the plan was shown is a conflict.
    func carryOut(_ client: KubeClient) async throws(APIStatus) {
        var uids: [String: String] = [:]
        for step in steps {
            switch step {
            case .delete(let entry):
                _ = try await Self.scoped(entry) { () async throws(APIStatus) in
                    try await client.delete(entry.resource, namespace: entry.namespace, name: entry.name, DeleteOptions(uid: entry.uid))
                }
            case .restore(let entry, let uids):
                _ = try await Self.scoped(entry) { () async throws(APIStatus) in
                    try await client.restore(entry.resource, namespace: entry.namespace, name: entry.name, uid: entry.uid, with: uids)
                }
            case .change(let entry, let object):
                _ = try await Self.scoped(entry) { () async throws(APIStatus) in
                    try await client.update(entry.resource, object, options: WriteOptions(fieldManager: "kdash"))
                }
            case .recreate(let entry, let object):
                let sent = Self.adopted(object, uids)
                let made = try await Self.scoped(entry) { () async throws(APIStatus) in
                    try await client.create(entry.resource, sent, namespace: entry.namespace, options: WriteOptions(fieldManager: "kdash"))
                }
                if let made { uids[entry.uid] = made.uid }
            }
        }
    }

    /// Sends within the scope of an entry, so that the journal knows what the write takes back.
    private static func scoped(
        _ entry: UndoEntry, _ send: @Sendable () async throws(APIStatus) -> KubeObject?
    ) async throws(APIStatus) -> KubeObject? {
        let result: Result<KubeObject?, APIStatus> = await UndoScope.$undoes.withValue(entry.id) {
            do throws(APIStatus) { return .success(try await send()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Owners that came back have other uids now; those that did not are no owners any more.
    private static func adopted(_ object: KubeObject, _ uids: [String: String]) -> KubeObject {
        guard !uids.isEmpty, object["metadata", "ownerReferences"] != nil else { return object }
        var object = object
        object["metadata", "ownerReferences"] = .array(
            object.array("metadata", "ownerReferences").map { reference in
                guard let new = reference["uid"]?.stringValue.flatMap({ uids[$0] }) else { return reference }
                var reference = reference
                reference["uid"] = .string(new)
                return reference
            })
        return object
    }
}
