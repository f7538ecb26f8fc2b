import KubeClient

extension ClusterSession {
    func updateNamespaces() {
        app.namespaces.mayBeOthers = feed?.namespaces.state.isRefusal == true
        let isKnown = narrowTables[ServedKind.pods.id] == nil && podsRefusal == nil
        app.namespaces.rows = (namespaceRows.values + namedNamespaces).map { row in
            var row = row
            let count = app.pods.countByNamespace[row.name] ?? 0
            row.podCount = isKnown || count > 0 ? count : nil
            return row
        }
        if let wanted = wantedNamespace, namespaceRows.values.contains(where: { $0.name == wanted }) {
            wantedNamespace = nil
            app.namespaces.point(to: wanted)
        }
        updateQuitLine()
    }

    /// Who may not list namespaces sees those that are shown.
    private var namedNamespaces: [NamespaceRow] {
        guard app.namespaces.mayBeOthers, case .only(let names) = app.scope else { return [] }
        return names.subtracting(namespaceRows.values.map(\.name)).map {
            NamespaceRow(uid: "name:\($0)", name: $0, status: "", tone: .dim, podCount: nil, createdAt: nil)
        }
    }

    /// What still runs after the screen. While another context is shown it is what ran before.
    func updateQuitLine() {
        guard app.context.isEmbedded, let stopCommand else { return }
        let running = app.pods.runningCount
        let what = running == 0 ? "its cluster, without pods" : running == 1 ? "1 pod" : "\(running) pods"
        app.quitLine = "kdash still runs \(what); stop it with: \(stopCommand)"
    }

    /// Whether a namespace is known not to exist.
    func isMissing(_ namespace: String) -> Bool {
        !isFirstSync && feed?.namespaces.hasSynced == true && !namespaceRows.values.contains { $0.name == namespace }
    }

    func show(scope: NamespaceScope) {
        if app.joined != nil { return show(joinedScope: scope) }
        app.scope = scope
        scopeChanged()
        sampleWhileVisible()
        if app.namespaces.mayBeOthers { updateNamespaces() }
        updateNotice()
        followSelected()
    }

    package func use(scope: NamespaceScope) {
        show(scope: scope)
        app.namespaces.point(to: scope.single)
    }

    func updateNotice() {
        guard app.pods.total == 0 else {
            if app.pods.notice != nil { app.pods.notice = nil }
            return
        }
        let notice: String
        if let podsRefusal {
            notice = "\(podsRefusal)\(app.namespace == nil ? ": press n to choose a namespace" : "")"
        } else if isFirstSync {
            notice = "waiting for the cluster"
        } else if let namespace = app.namespace, isMissing(namespace) {
            notice = "there is no namespace \(namespace): press n to choose one, 0 to see all"
        } else {
            notice = "no pods in \(app.scope == .all ? "any namespace" : app.scope.text)\(app.refusal == nil ? ": press c to write one" : "")"
        }
        if app.pods.notice != notice { app.pods.notice = notice }
    }
}
