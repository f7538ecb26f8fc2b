import APIMachinery
import KubeClient
import KubeSchemas
import LinuxKernel

extension ClusterSession {
    package func describe(_ binding: ObjectBinding) {
        openDetail("Describe", binding) { pod, events, now in PodDescription.lines(pod, events: events, now: now) }
    }

    private func openDetail(_ title: String, _ binding: ObjectBinding, _ text: @escaping (Pod, [Event], Timestamp) -> [[TextSpan]]) {
        let model = DetailModel(title: title, binding: binding)
        refreshDetail = { [weak self, weak model] in
            guard let self, let model, app.detail === model || app.detail == nil, model.vanished == nil else { return }
            guard let object = feed?.pods.get(namespace: binding.namespace, name: binding.name), object.uid == binding.uid else { return }
            model.lines = text(Pod(object), feed?.events(about: object.uid) ?? [], time.now())
            app.signal.touch()
        }
        refreshDetail?()
        guard !model.lines.isEmpty else { return app.toast("\(binding.text) is gone", .warning) }
        app.detail = model
    }

    /// Tells whatever is bound to these objects that they are gone; nothing moves to a neighbour.
    func noteGone(_ uids: Set<String>) {
        guard !uids.isEmpty else { return }
        func text(_ binding: ObjectBinding) -> String { "\(binding.text) (uid \(binding.uid ?? "")) is gone" }
        if let detail = app.detail, let binding = detail.binding, let uid = binding.uid, uids.contains(uid), detail.vanished == nil {
            detail.vanished = "\(text(binding)); this is its last state"
            detail.isLive = false
            app.signal.touch()
        }
        if case .dialog(let dialog)? = app.modal, dialog.noteGone(uids) { app.signal.touch() }
        if let target = app.editor.target, let uid = target.binding.uid, uids.contains(uid) { targetVanished(target) }
    }
}
