import APIMachinery
import KubeClient
import KubeSchemas

extension ClusterSession {
    /// The object behind the text is gone, and another one has taken its name.
    func targetReplaced(_ target: EditorTarget, by object: KubeObject) {
        // Said once: it may change many times.
        guard app.editor.state != .viewing, editing.namesake != object.uid else { return }
        editing.namesake = object.uid
        app.editor.banner = TextSpan(
            "\(target.binding.text) was deleted and made anew: apply asks before it changes the new one", .warning)
    }

    /// Asks whether a text is meant for the object that has the name of the one it was made from; `goOn` runs when it is.
    func ask(about namesake: Namesake, _ target: EditorTarget, _ client: KubeClient, goOn: @escaping @MainActor () -> Void) {
        let object = namesake.object
        let binding = ObjectBinding(
            context: target.binding.context, namespace: object.namespace, kind: object.kind, name: object.name, uid: object.uid)
        let (token, old) = (editing.token, editing.bases[namesake.title]?.uid)
        app.modal = .dialog(
            DialogModel(
                title: "Change the new \(object.kind)?",
                body: [
                    [TextSpan("\(namesake.title) was deleted and made anew since this text was opened.", .warning)],
                    [TextSpan("The text was made from uid ", .dim), TextSpan(old ?? "")],
                ],
                binding: binding,
                choices: [
                    DialogChoice(id: "no", title: "No", key: "n"),
                    DialogChoice(id: "yes", title: "Go on with the new one", key: "y", isDestructive: true),
                ],
                defaultChoice: 0
            ) { [weak self] id in
                guard let self else { return }
                app.modal = nil
                guard id == "yes", editing.token === token else { return }
                adopt(namesake, binding, inPlaceOf: old, client)
                goOn()
            })
    }

    /// From now on the text belongs to the object that has the name; what changed between the two counts as changed in the cluster.
    private func adopt(_ namesake: Namesake, _ binding: ObjectBinding, inPlaceOf old: String?, _ client: KubeClient) {
        editing.bases[namesake.title]?.uid = namesake.object.uid
        guard app.editor.target?.binding.uid == old else { return }
        editing.live = namesake.object
        editing.namesake = nil
        app.editor.banner = nil
        app.editor.target = EditorTarget(binding: binding, resourceVersion: namesake.object.resourceVersion)
        guard binding.kind != "Pod", let descriptor = editorSchemas.resource(kind: namesake.object.gvk) else { return }
        followTarget(binding, descriptor.gvr, client)
    }
}
