import KubeClient
import LinuxKernel

extension ClusterSession {
    private var viewsPath: String { SavedViews.path(stateDirectory: stateDirectory, context: app.context.name) }

    /// Looks at the context's tables as they were looked at before; once for each context, before anything of it is shown.
    func restoreViews() {
        guard savedViewsContext != app.context.name else { return }
        savedViewsContext = app.context.name
        savedViews = SavedViews(path: viewsPath)
        if placeContext == app.context.name { return }
        guard let savedViews else { return }
        savedViews.apply(to: app.pods, kind: .pods)
        if !app.pods.filter.isEmpty { app.toast("pods are filtered as before: /\(app.pods.filter), Esc shows all", .dim) }
    }

    /// Shows the kind that was shown before, once the cluster has told its kinds.
    func restoreKind() {
        guard let wanted = savedViews?.kind, !hasRestoredKind else { return }
        hasRestoredKind = true
        // Somebody who has gone somewhere already stays there.
        guard app.kind.isPods, app.visited.back.count <= placesAtOpening, let kind = app.kinds.first(where: { $0.id == wanted }), !kind.isPods else { return }
        app.kind = kind
    }

    /// Keeps how the tables are looked at. A failure is told once, and nothing else is lost by it.
    func saveViews() {
        guard savedViewsContext == app.context.name else { return }
        // Other panes may have written since: what they say of tables that were not opened here stays.
        let before = app.workspace == nil ? savedViews : SavedViews(path: viewsPath)
        let views = SavedViews(app, before: before)
        guard views != before else { return }
        savedViews = views
        do throws(SystemError) {
            try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
            try FileSystem.writeAtomically(viewsPath, views.bytes, mode: 0o600)
        } catch {
            app.hint("views", "how tables are looked at could not be kept: \(error)")
        }
    }
}
