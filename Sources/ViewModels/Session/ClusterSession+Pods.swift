import APIMachinery
import KubeClient
import KubeSchemas

/// The table of pods is followed always; whole pods only while something needs them.
extension ClusterSession {
    /// After the table of pods took what changed.
    func podsChanged(_ table: ResourceFeed, refusal: String?, isListEnded: Bool) {
        if isListEnded { arePodsListed = true }
        goToAwaitedPod()
        if app.kind.isPods, app.logs.selection == nil, let uid = app.pods.selectedUID, uid != followedUID { followSelected() }
        withdrawDemoOffer()
        updateNamespaces()
        explainEmptyLog()
        podsRefusal = refusal
        updateNotice()
        feed?.note(pods: table.state)
        runAwaitedCommand()
    }

    /// Whether the table of pods would have a pod of this namespace.
    func arePodsKnown(in namespace: String?) -> Bool {
        arePodsListed && (narrowTables[ServedKind.pods.id].map { narrow in namespace.map(narrow.contains) ?? false } ?? true)
    }

    /// Reads a pod, or takes it from those that are kept; from then on it is kept. Throws NotFound when it is gone.
    func readPod(_ binding: ObjectBinding) async throws(APIStatus) -> KubeObject {
        if let uid = binding.uid {
            if let kept = keptPods.get(uid: uid) { return kept }
            keptPods.want(uid: uid)
        }
        guard let client = cluster?.client else { throw .serviceUnavailable("no cluster is connected") }
        let pod = try await client.get(Pod.resource, namespace: binding.namespace, name: binding.name)
        guard binding.uid == nil || binding.uid == pod.uid else { throw .notFound(Pod.resource.groupResource, binding.name) }
        keptPods.want(uid: pod.uid)
        keptPods.see(pod)
        return keptPods.get(uid: pod.uid) ?? pod
    }

    /// Does something with a pod: at once when it is kept, else when it was read. The pod is nil when it is gone; any other failure is said.
    func withPod(_ binding: ObjectBinding, _ purpose: TaskSlots.Purpose, _ body: @escaping @MainActor (ClusterSession, KubeObject?) -> Void) {
        if let uid = binding.uid, let kept = keptPods.get(uid: uid) { return body(self, kept) }
        tasks.run(purpose) { [weak self] in
            guard let self else { return }
            do throws(APIStatus) {
                let pod = try await readPod(binding)
                if !Task.isCancelled { body(self, pod) }
            } catch {
                guard !Task.isCancelled else { return }
                if error.code == 404 { body(self, nil) } else { app.toast("\(binding.text): \(error.message)", .error) }
            }
        }
    }
}

extension InformerState {
    /// What the server says against it; nil when nothing.
    var failure: APIStatus? { if case .failing(let status) = self { status } else { nil } }
}
