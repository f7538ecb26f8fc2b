import APIMachinery
import JSONCore
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    private var editor: EditorModel { app.editor }

    /// Whether the pane may show something else without being asked to.
    private var isFree: Bool {
        if editor.isTyping || editor.isDirty { return false }
        switch editor.state {
        case .empty, .viewing: return true
        case .loading, .editing, .checking, .applying: return false
        }
    }

    // MARK: - Showing

    /// Shows the object under the cursor, when nothing is being edited.
    func showInEditor(_ binding: ObjectBinding) {
        guard isFree, let client = cluster?.client, let resource = binding.resource, editor.target?.binding != binding else { return }
        let token = editing.token
        tasks.run(.open) { [weak self] in
            // best effort: what cannot be read is not shown unasked.
            var object = binding.uid.flatMap { self?.keptPods.get(uid: $0) }
            if object == nil { object = try? await client.get(resource, namespace: binding.namespace, name: binding.name) }
            guard let object else { return }
            guard let self, !Task.isCancelled, editing.token === token, isFree, object.uid == binding.uid else { return }
            guard app.selectedListBinding == binding else { return }
            show(object, binding)
            followTarget(binding, resource, client)
        }
    }

    private func show(_ object: KubeObject, _ binding: ObjectBinding) {
        let isSame = editor.state == .viewing && editor.target?.binding == binding
        tasks.cancel(.target)
        editing = EditingState()
        editing.cluster = clusterID
        editing.live = object
        editor.target = EditorTarget(binding: binding, resourceVersion: object.resourceVersion)
        editor.banner = nil
        editor.draft = .none
        editor.diagnostics = []
        editor.state = .viewing
        let text = EditForm.readableText(object)
        if isSame { editor.refreshText(text) } else { editor.setText(text) }
    }

    /// The object behind the text changed in the cluster.
    func targetChanged(_ object: KubeObject) {
        guard let target = editor.target, let uid = target.binding.uid else { return }
        guard uid == object.uid else { return targetReplaced(target, by: object) }
        let before = editing.live
        editing.live = object
        if case .viewing = editor.state {
            editor.target?.resourceVersion = object.resourceVersion
            editor.refreshText(EditForm.readableText(object))
            return updateOwners()
        }
        updateOwners()
        guard let before, EditForm.value(before) != EditForm.value(object), !target.isNew else { return }
        guard editor.isDirty else { return refreshClean(object) }
        // What apply has just said about a conflict says more than this would.
        guard editing.conflict == nil else { return }
        editing.lastWriter = Self.writer(from: before, to: object)
        tellChange()
    }

    /// The object behind the text is gone.
    func targetVanished(_ target: EditorTarget) {
        editing.live = nil
        editing.conflict = nil
        editor.banner = TextSpan("\(target.binding.text) was deleted in the cluster: apply creates it again", .warning)
        if case .viewing = editor.state {
            editor.banner = TextSpan("\(target.binding.text) is gone; this is its last state", .warning)
        }
    }

    // MARK: - Opening

    package func openYAML(_ binding: ObjectBinding, isEditing: Bool) {
        if let target = editor.target, target.binding == binding, !target.isNew, !isFree {
            app.focus = .yaml
            // What is typed before the object is there would be lost under it.
            if isEditing, editor.state != .loading { editor.isTyping = true }
            return
        }
        guard setAside() else { return }
        tasks.cancel(.open)
        tasks.cancel(.owner)
        guard let client = cluster?.client else { return }
        guard let resource = resource(of: binding) else { return app.toast("kdash does not know the kind \(binding.kind)", .error) }
        if let uid = binding.uid, let kept = keptPods.get(uid: uid) {
            open(kept, binding, isEditing: isEditing)
            return followTarget(binding, resource, client)
        }
        app.focus = .yaml
        tasks.cancel(.target)
        editing = EditingState()
        editor.target = EditorTarget(binding: binding)
        editor.banner = nil
        editor.setText("")
        editor.state = .loading
        let token = editing.token
        tasks.run(.open) { [weak self] in
            do throws(APIStatus) {
                let object = try await client.get(resource, namespace: binding.namespace, name: binding.name)
                guard let self, !Task.isCancelled, editing.token === token else { return }
                if let uid = binding.uid, object.uid != uid { throw .notFound(resource.groupResource, binding.name) }
                var found = binding
                found.uid = object.uid
                open(object, found, isEditing: isEditing)
                followTarget(found, resource, client)
            } catch {
                guard let self, !Task.isCancelled, editing.token === token else { return }
                closeEditor()
                app.toast("\(binding.text): \(error.message)", .error)
            }
        }
    }

    /// Another text is shown: what was asked for before comes too late, and what was shown is followed no longer.
    func stopOpening() {
        for purpose in [TaskSlots.Purpose.open, .owner, .target, .change, .find] { tasks.cancel(purpose) }
    }

    private func open(_ object: KubeObject, _ binding: ObjectBinding, isEditing: Bool) {
        editor.state = .viewing
        show(object, binding)
        app.focus = .yaml
        if isEditing { startEditing() }
        if isEditing, editor.state == .editing { decodeAwaited(binding) }
        awaitedDecoding = nil
    }

    /// Where an object is found; nil when nobody knows its kind.
    func resource(of binding: ObjectBinding) -> GroupVersionResource? {
        binding.resource ?? knowledge.schemas(binding.context).resources.first { $0.kind == binding.kind }?.gvr
    }

    /// Follows one object that no pane follows.
    func followTarget(_ binding: ObjectBinding, _ resource: GroupVersionResource, _ client: KubeClient) {
        let name = FieldSelector(requirements: [FieldSelector.Requirement(field: "metadata.name", value: binding.name)])
        let informer = Informer(client: client, resource: resource, namespace: binding.namespace, fields: name, time: time)
        let (changes, continuation) = AsyncStream.makeStream(of: InformerEvent.self)
        informer.addHandler { continuation.yield($0) }
        tasks.run(.target) { [weak self] in
            async let _: Void = informer.run()
            await informer.waitUntilSynced()
            // It may have gone between the reading and the first list, which then has nothing to tell.
            let isListed = informer.hasSynced && !Task.isCancelled
            if isListed, let uid = binding.uid, informer.get(namespace: binding.namespace, name: binding.name)?.uid != uid {
                self?.noteGone([uid])
            }
            for await change in changes {
                guard let self, editor.target?.binding.uid == binding.uid else { break }
                if case .deleted(let object) = change {
                    if object.uid == binding.uid { noteGone([object.uid]) }
                } else {
                    targetChanged(change.object)
                }
            }
        }
    }

    package func editOwner(_ binding: ObjectBinding) {
        withPod(binding, .pod) { session, pod in
            guard let pod else { return session.app.toast("\(binding.text) is gone", .warning) }
            session.editOwner(binding, pod)
        }
    }

    private func editOwner(_ binding: ObjectBinding, _ pod: KubeObject) {
        guard let client = cluster?.client else { return }
        guard let owner = pod.controllerRef else { return app.toast("nothing controls \(binding.text)", .dim) }
        let token = editing.token
        tasks.run(.owner) { [weak self] in
            var (kind, name, uid) = (owner.kind, owner.name, owner.uid)
            // A Deployment stands behind its ReplicaSet: that is what people mean to edit. best effort: without it the ReplicaSet is opened.
            if kind == "ReplicaSet", let set = try? await client.get(ReplicaSet.resource, namespace: binding.namespace, name: name),
                let above = set.controllerRef
            {
                // best effort: without the ReplicaSet it is opened itself, and says what is wrong.
                (kind, name, uid) = (above.kind, above.name, above.uid)
            }
            guard let self, !Task.isCancelled else { return }
            guard editing.token === token, app.inputMode == .browse, app.modal == nil else {
                return app.toast("\(kind) \(name) was not opened: something else was begun meanwhile", .warning)
            }
            openYAML(
                ObjectBinding(context: binding.context, namespace: binding.namespace, kind: kind, name: name, uid: uid), isEditing: true)
        }
    }

    package func newManifest() {
        guard beginManifest(ManifestTemplate.deployment) else { return }
        editing.hint = TextSpan("type or paste over this example, or move into it", .dim)
        editor.banner = editing.hint
        editor.selectAll(fromEnd: true)
    }

    /// Starts typing in a new text. False when the one before cannot be kept.
    func beginManifest(_ text: String) -> Bool {
        guard setAside() else { return false }
        stopOpening()
        let namespace = app.namespace ?? "default"
        editing = EditingState()
        editing.cluster = clusterID
        editor.target = EditorTarget(
            binding: ObjectBinding(context: app.context.name, namespace: namespace, kind: "Manifest", name: "new", uid: nil), isNew: true)
        editor.setText(text)
        editing.baseText = editor.text
        editor.state = .editing
        editor.banner = nil
        editor.diagnostics = []
        app.focus = .yaml
        editor.isTyping = true
        return true
    }

    package func startEditing() {
        guard let target = editor.target else { return newManifest() }
        guard editor.state != .loading else { return app.toast("\(target.binding.text) is still being read", .dim) }
        app.focus = .yaml
        if case .viewing = editor.state {
            guard let live = editing.live else { return app.toast("\(target.binding.text) is gone", .warning) }
            let place = editor.cursor
            let form = EditForm.value(live)
            editor.setText(EditForm.text(live))
            editor.place(place, selecting: false)
            editor.target?.resourceVersion = live.resourceVersion
            editing.bases = [Self.title(target.binding): EditBase(text: form, live: form, uid: live.uid)]
            editing.baseText = editor.text
            editor.state = .editing
        }
        editor.isTyping = true
    }

    /// The name of a document, by which its base is found.
    static func title(_ binding: ObjectBinding) -> String { "\(binding.kind) \(binding.namespace.map { "\($0)/" } ?? "")\(binding.name)" }

    /// What the empty pane says.
    var emptyState: EditorState {
        .empty(app.refusal == nil ? "select a pod, or press c to write a manifest" : "select a pod")
    }

    /// Empties the pane; it follows the cursor again.
    func closeEditor() {
        tasks.cancel(.target)
        tasks.cancel(.check)
        editing = EditingState()
        awaitedDecoding = nil
        editor.isTyping = false
        editor.target = nil
        editor.banner = nil
        editor.diagnostics = []
        editor.draft = .none
        editor.setText("")
        editor.state = emptyState
    }
}
