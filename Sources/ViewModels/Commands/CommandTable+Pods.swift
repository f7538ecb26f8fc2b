extension CommandTable {
    static let pods: [Command] = [
        detail("pods.describe", "Describe", "Describe", ["d"]) { $1.describe($0) },
        detail("pods.why", "Why is it not running", "Why", ["w"]) { $1.explain($0) },
        pod("pods.logs", "Logs", ["l", "enter"]) {
            $1.showLogs($0, container: nil, isPrevious: false)
        } then: {
            $0.focus = .logs
        },
        pod("pods.previousLogs", "Logs of the instance before", ["p"]) {
            $1.showLogs($0, container: nil, isPrevious: true)
        } then: {
            $0.focus = .logs
        },
        Command("pods.keptLogs", "Logs of a deleted pod", section: "Pod", keys: ["L"], scope: .pane(.pods), availability: whenConnected) {
            $0.cluster?.pickKeptLog()
        },
        pod("pods.edit", "Edit", ["e"], availability: whenWritablePod) { $1.openYAML($0, isEditing: true) },
        pod("pods.editOwner", "Edit what controls it", ["E"], availability: whenWritablePod) { $1.editOwner($0) },
        pod("pods.yaml", "YAML", ["y"]) {
            $1.openYAML($0, isEditing: false)
        } then: {
            $0.focus = .yaml
        },
        pod("pods.shell", "Shell", ["s"], availability: whenWritablePod) { $1.openShell($0, container: nil) },
        Command(
            "pods.delete", "Delete", section: "Pod", keys: ["D d"], scope: .pane(.pods), isDestructive: true,
            subject: { app in
                let chosen = app.pods.chosenPods
                return app.pods.markedCount == 0 ? chosen.first?.name : chosen.count == 1 ? "the marked pod" : "the \(chosen.count) marked pods"
            }, availability: whenWritablePod,
            run: { app in
                let chosen = app.pods.chosenPods
                // Marks that a filter or another namespace hides are no reason to delete what nobody sees, nor the pod under the cursor.
                if chosen.isEmpty { return app.toast("the marked pods are not in this list: show them, or unmark them with Space", .warning) }
                app.cluster?.askDelete(chosen.map(app.binding), isForced: false)
            }),
        Command(
            "pods.deleteNow", "Delete now, without grace", section: "Pod", keys: ["D f"], scope: .pane(.pods), isDestructive: true,
            subject: { $0.pods.selectedPod?.name }, availability: whenWritablePod,
            run: { app in if let binding = app.selectedPodBinding { app.cluster?.askDelete([binding], isForced: true) } }),
        Command(
            "pods.mark", "Mark", section: "Pod", keys: ["space"], scope: .pane(.pods), subject: { $0.pods.selectedPod?.name }, availability: whenPod,
            run: { app in
                app.pods.toggleMark()
                app.pods.moveSelection(by: 1)
            }),
        Command("pods.new", "New manifest", section: "Pod", keys: ["c"], scope: .pane(.pods), availability: whenWritable) {
            $0.cluster?.newManifest()
        },
        Command("pods.sort", "Sort by a column", section: "Pod", keys: ["o"], scope: .pane(.pods)) { $0.pickSort() },
        Command("pods.sortName", "Sort by name", section: "Pod", keys: ["N"], scope: .pane(.pods)) { $0.sortPods(by: "name") },
        Command("pods.sortAge", "Sort by age", section: "Pod", keys: ["A"], scope: .pane(.pods)) { $0.sortPods(by: "age") },
        Command("pods.sortStatus", "Sort by status", section: "Pod", keys: ["S"], scope: .pane(.pods)) { $0.sortPods(by: "status") },
        Command("pods.oldKill", "Kill, as k9s has it", section: "Pod", keys: ["ctrl-k"], scope: .pane(.pods), isListed: false) {
            $0.toast("kill is D f here", .dim)
        },
    ]

    /// A command on the pod under the cursor, bound at the key press.
    private static func pod(
        _ id: String, _ title: String, _ keys: [String], availability: @escaping @MainActor (AppModel) -> Availability = whenPod,
        run: @escaping @MainActor (ObjectBinding, any ClusterActions) -> Void, then: @escaping @MainActor (AppModel) -> Void = { _ in }
    ) -> Command {
        Command(
            id, title, section: "Pod", keys: keys, scope: .pane(.pods), subject: { $0.pods.selectedPod?.name }, availability: availability,
            run: { app in
                guard let binding = app.selectedPodBinding else { return }
                if let cluster = app.cluster { run(binding, cluster) }
                then(app)
            })
    }

    /// A command that covers the panes with a text about the pod under the cursor; without a cluster the text stays empty.
    private static func detail(
        _ id: String, _ title: String, _ heading: String, _ keys: [String],
        run: @escaping @MainActor (ObjectBinding, any ClusterActions) -> Void
    ) -> Command {
        pod(id, title, keys, run: run) { app in
            if app.cluster == nil { app.detail = DetailModel(title: heading, binding: app.selectedPodBinding) }
        }
    }

    static let namespaces: [Command] = [
        Command("namespaces.use", "Use", section: "Namespace", keys: ["enter"], scope: .pane(.namespaces)) { app in
            app.show(namespace: app.namespaces.selectedRow?.name)
            app.focus = .pods
        },
        Command(
            "namespaces.delete", "Delete", section: "Namespace", keys: ["D n"], scope: .pane(.namespaces), isDestructive: true,
            availability: { app in
                if let refusal = app.context.refusal { return .disabled(refusal) }
                return app.namespaces.selectedRow == nil ? .disabled("no namespace is selected") : .enabled
            },
            run: { app in
                guard let row = app.namespaces.selectedRow else { return }
                app.cluster?.askDeleteNamespace(
                    ObjectBinding(context: app.context.name, namespace: nil, kind: "Namespace", name: row.name, uid: row.uid))
            }),
    ]
}
