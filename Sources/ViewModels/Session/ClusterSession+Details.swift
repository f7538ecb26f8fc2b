extension ClusterSession {
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
