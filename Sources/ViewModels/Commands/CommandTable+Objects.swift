import APIMachinery
import KubeClient

extension CommandTable {
    /// The commands of the pane of objects.
    static let objects: [Command] = [
        detail("objects.describe", "Describe", "Describe", ["d"]) { $1.describe($0) },
        detail("objects.why", "Why is this object as it is", "Why", ["w"]) { $1.explain($0) },
        Command(
            "objects.enter", "Open what it stands for", section: "Object", keys: ["enter"], scope: .pane(.pods), subject: subject,
            availability: whenObject
        ) { app in
            guard let binding = app.selectedListBinding else { return }
            app.cluster?.enter(binding)
        },
        object("objects.yaml", "YAML", ["y"]) {
            $1.openYAML($0, isEditing: false)
        } then: {
            $0.focus = .yaml
        },
        object("objects.edit", "Edit", ["e"], availability: whenWritableObject) { $1.openYAML($0, isEditing: true) },
        Command(
            "secrets.reveal", "Describe it with its values", section: "Object", keys: ["v"], scope: .pane(.pods), kinds: ["Secret"], subject: subject,
            availability: whenObject
        ) { app in
            guard let binding = app.selectedListBinding else { return }
            app.cluster?.describe(binding)
            app.detail?.isRevealed = true
        },
        Command(
            "secrets.edit", "Edit it with its values as text", section: "Object", keys: ["a e"], scope: .pane(.pods), kinds: ["Secret"], subject: subject,
            availability: whenWritableObject
        ) { app in
            if let binding = app.selectedListBinding { app.editor.actions?.openDecoded(binding) }
        },
        Command(
            "objects.delete", "Delete", section: "Object", keys: ["D d"], scope: .pane(.pods), isDestructive: true,
            subject: { app in
                let chosen = app.list.chosenRows
                let noun = app.list.title.lowercased()
                return app.list.markedCount == 0 ? chosen.first?.name : "the \(chosen.count) marked \(noun)"
            }, availability: whenWritableObject,
            run: { app in
                let chosen = app.chosenBindings
                // Marks that a filter or another namespace hides are no reason to delete what nobody sees, nor the object under the cursor.
                if chosen.isEmpty { return app.toast("the marked objects are not in this list: show them, or unmark them with Space", .warning) }
                app.cluster?.askDelete(chosen, isForced: false)
            }),
        Command(
            "objects.mark", "Mark", section: "Object", keys: ["space"], scope: .pane(.pods), subject: subject, availability: whenObject,
            run: { app in
                app.list.toggleMark()
                app.list.moveSelection(by: 1)
            }),
        Command(
            "objects.markRange", "Mark from the last mark to here", section: "Object", keys: ["ctrl-space"], scope: .pane(.pods),
            availability: whenObject
        ) {
            $0.list.markRange()
        },
        Command("objects.unmark", "Take every mark away", section: "Object", keys: ["ctrl-\\"], scope: .pane(.pods)) { $0.list.clearMarks() },
        Command("objects.copyName", "Copy the name", section: "Object", keys: ["Y"], scope: .pane(.pods), availability: whenObject) { app in
            guard let name = app.list.selectedRow?.name else { return }
            app.copy(name, "copied \(name)")
        },
        object("objects.owner", "Go to what owns it", ["J"]) { $1.showOwner($0) },
        Command("objects.save", "Save the table to a file", section: "Object", keys: ["ctrl-s"], scope: .pane(.pods)) { $0.saveTable() },
        Command("objects.new", "New manifest", section: "Object", keys: ["c"], scope: .pane(.pods), availability: whenWritable) {
            $0.cluster?.newManifest()
        },
        Command("objects.sort", "Sort by a column", section: "Object", keys: ["o"], scope: .pane(.pods)) { $0.pickSort() },
        Command("objects.columnBefore", "Mark the column before", section: "Object", keys: ["shift-left"], scope: .pane(.pods)) {
            $0.movePickedColumn(by: -1)
        },
        Command("objects.columnAfter", "Mark the column after", section: "Object", keys: ["shift-right"], scope: .pane(.pods)) {
            $0.movePickedColumn(by: 1)
        },
        Command("objects.sortPicked", "Sort by the marked column", section: "Object", keys: ["O"], scope: .pane(.pods)) { $0.sortByPicked() },
        Command("objects.sortName", "Sort by name", section: "Object", keys: ["N"], scope: .pane(.pods)) { $0.sortList(by: "name") },
        Command("objects.sortAge", "Sort by age", section: "Object", keys: ["A"], scope: .pane(.pods)) { $0.sortList(by: "age") },
        Command("objects.sortStatus", "Sort by status", section: "Object", keys: ["S"], scope: .pane(.pods)) { $0.sortList(by: "status") },
        Command("objects.failing", "Show only what fails, or all again", section: "Object", keys: ["!"], scope: .pane(.pods)) { $0.toggleFailing() },
        Command("objects.columns", "Show or hide a column", section: "Object", keys: ["ctrl-w"], scope: .pane(.pods)) { $0.pickColumn() },
    ]

    /// The commands on pods alone.
    static let pods: [Command] = [
        Command(
            "pods.logs", "Logs, of a workload's pods or the marked ones as one", section: "Pod", keys: ["l"], scope: .pane(.pods), subject: subject,
            availability: whenLogged
        ) { app in
            let chosen = app.chosenBindings
            guard let first = chosen.first else { return }
            if chosen.count == 1, app.kind.isPods {
                app.cluster?.showLogs(first, container: nil, isPrevious: false)
            } else {
                app.cluster?.showLogs(of: chosen)
            }
            app.focus = .logs
        },
        object("pods.previousLogs", "Logs of the instance before", ["p"], section: "Pod", availability: whenPod) {
            $1.showLogs($0, container: nil, isPrevious: true)
        } then: {
            $0.focus = .logs
        },
        Command("pods.keptLogs", "Logs of a deleted pod", section: "Pod", keys: ["L"], scope: .pane(.pods), availability: whenConnected) {
            $0.cluster?.pickKeptLog()
        },
        object("pods.editOwner", "Edit what controls it", ["E"], section: "Pod", availability: whenWritablePod) { $1.editOwner($0) },
        object("pods.shell", "Shell", ["s"], section: "Pod", availability: whenWritablePod) { $1.openShell($0, container: nil, isBeside: false) },
        object("pods.shellBeside", "Shell beside the panes", ["t $"], section: "Pod", availability: whenWritablePod) {
            $1.openShell($0, container: nil, isBeside: true)
        },
        Command(
            "pods.deleteNow", "Delete now, without grace", section: "Pod", keys: ["D f"], scope: .pane(.pods), isDestructive: true,
            subject: subject, availability: whenWritablePod,
            run: { app in if let binding = app.selectedPodBinding { app.cluster?.askDelete([binding], isForced: true) } }),
        Command("pods.oldKill", "Kill, as k9s has it", section: "Pod", keys: ["ctrl-k"], scope: .pane(.pods), isListed: false) {
            $0.toast("kill is D f here", .dim)
        },
    ]

    /// Only for what has pods, and so logs.
    private static func whenLogged(_ app: AppModel) -> Availability {
        guard logged.contains(app.kind.id) else { return .disabled("\(app.kind.resource.resource) write no logs") }
        return whenObject(app)
    }

    /// The kinds that have pods, and so logs.
    static let logged: Set = [
        "pods", "services", "replicationcontrollers", "deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch",
        "cronjobs.batch",
    ]

    /// What the commands act on, for menus.
    private static let subject: @MainActor (AppModel) -> String? = { $0.list.selectedRow?.name }

    /// A command on the object under the cursor, bound at the key press.
    private static func object(
        _ id: String, _ title: String, _ keys: [String], section: String = "Object",
        availability: @escaping @MainActor (AppModel) -> Availability = whenObject,
        run: @escaping @MainActor (ObjectBinding, any ClusterActions) -> Void, then: @escaping @MainActor (AppModel) -> Void = { _ in }
    ) -> Command {
        Command(
            id, title, section: section, keys: keys, scope: .pane(.pods), subject: subject, availability: availability,
            run: { app in
                guard let binding = app.selectedListBinding else { return }
                if let cluster = app.cluster { run(binding, cluster) }
                then(app)
            })
    }

    /// A command that covers the panes with a text about the object under the cursor; without a cluster the text stays empty.
    private static func detail(
        _ id: String, _ title: String, _ heading: String, _ keys: [String],
        availability: @escaping @MainActor (AppModel) -> Availability = whenObject,
        run: @escaping @MainActor (ObjectBinding, any ClusterActions) -> Void
    ) -> Command {
        object(id, title, keys, availability: availability, run: run) { app in
            if app.cluster == nil { app.detail = DetailModel(title: heading, binding: app.selectedListBinding) }
        }
    }

    /// The commands that go to a place.
    static let places: [Command] = [
        Command("places.back", "The place before", section: "Places", keys: ["["], scope: .browse) { $0.goToPlaceBefore() },
        Command("places.forward", "The place gone back from", section: "Places", keys: ["]"], scope: .browse) { $0.goToPlaceAfter() },
        Command("places.pods", "Pods", section: "Places", keys: ["g p"], scope: .browse) { $0.show(kind: .pods) },
        goTo("places.deployments", "Deployments", "g d", "deployments.apps"),
        goTo("places.services", "Services", "g s", "services"),
        goTo("places.events", "Events", "g e", "events"),
        goTo("places.nodes", "Nodes", "g n", "nodes"),
        goTo("places.configMaps", "ConfigMaps", "g c", "configmaps"),
        goTo("places.secrets", "Secrets", "g S", "secrets"),
        goTo("places.jobs", "Jobs", "g j", "jobs.batch"),
        goTo("places.cronJobs", "CronJobs", "g J", "cronjobs.batch"),
        goTo("places.ingresses", "Ingresses", "g i", "ingresses.networking.k8s.io"),
        goTo("places.claims", "PersistentVolumeClaims", "g v", "persistentvolumeclaims"),
        Command("places.find", "Find an object of any kind", section: "Places", keys: ["g f"], scope: .browse, availability: whenConnected) {
            $0.cluster?.findObjects("")
        },
        Command("views.open", "Open a saved view", section: "Views", keys: ["g V"], scope: .browse) { $0.pickView() },
        Command("views.save", "Save what is shown as a view with a name", section: "Views", keys: ["g W"], scope: .browse) { $0.saveView() },
        Command("views.rename", "Rename a saved view", section: "Views", keys: [], scope: .browse) { $0.renameView() },
        Command("views.delete", "Delete a saved view", section: "Views", keys: [], scope: .browse) { $0.deleteView() },
        Command("places.kind", "Show any kind", section: "Places", keys: ["g k"], scope: .browse, availability: whenConnected) { $0.pickKind() },
    ]

    private static func goTo(_ id: String, _ title: String, _ key: String, _ kind: String) -> Command {
        Command(
            id, title, section: "Places", keys: [key], scope: .browse,
            availability: { app in
                if app.kinds.contains(where: { $0.id == kind }) { return .enabled }
                guard let cluster = app.cluster else { return .disabled("no cluster is connected") }
                return .disabled(cluster.startWait(isQueued: false, needsKinds: true).map { "waits for \($0)" } ?? "this cluster has no \(kind)")
            },
            run: { app in if let found = app.kinds.first(where: { $0.id == kind }) { app.show(kind: found) } })
    }

    static let namespaces: [Command] = [
        Command("namespaces.use", "Use it, or all that are marked", section: "Namespace", keys: ["enter"], scope: .pane(.namespaces)) { app in
            let marked = app.namespaces.markedNames
            app.show(scope: marked.isEmpty ? NamespaceScope(app.namespaces.selectedRow?.name) : .only(Set(marked)))
            app.focus = .pods
        },
        Command("namespaces.mark", "Mark", section: "Namespace", keys: ["space"], scope: .pane(.namespaces)) { app in
            app.namespaces.toggleMark()
            app.namespaces.moveSelection(by: 1)
        },
        Command(
            "namespaces.delete", "Delete", section: "Namespace", keys: ["D n"], scope: .pane(.namespaces), isDestructive: true,
            availability: { app in
                if let refusal = app.refusal { return .disabled(refusal) }
                return app.namespaces.selectedRow == nil ? .disabled("no namespace is selected") : .enabled
            },
            run: { app in
                guard let row = app.namespaces.selectedRow else { return }
                app.cluster?.askDeleteNamespace(
                    ObjectBinding(context: app.context.name, namespace: nil, kind: "Namespace", name: row.name, uid: row.uid))
            }),
    ]
}
