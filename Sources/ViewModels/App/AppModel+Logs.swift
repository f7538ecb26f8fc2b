extension AppModel {
    /// The pod of the shown log, or the one under the cursor.
    var logPodBinding: ObjectBinding? {
        guard let target = logs.target else { return selectedPodBinding }
        return ObjectBinding(context: context.name, namespace: target.namespace, kind: "Pod", name: target.pod, uid: target.podUID)
    }

    /// Asks which container's log to show.
    func pickLogContainer() {
        guard let target = logs.target, let binding = logPodBinding else { return toast("no container's log is shown", .dim) }
        let all = PaletteItem(id: "", title: "all containers", detail: "as one log")
        let items = logs.containers.map { PaletteItem(id: $0, title: $0, detail: $0 == target.container ? "shown" : "") }
        pick("Log of which container?", items.count > 1 && !target.isGone ? items + [all] : items) { [weak self] name in
            guard name.isEmpty else { return self?.cluster?.showLogs(binding, container: name, isPrevious: false) ?? () }
            self?.cluster?.showLogs(of: [binding])
        }
    }

    /// Asks for the labels of the pods whose logs to merge.
    package func askForLogSelector(_ text: String) {
        openPrompt(.line, "logs of pods with labels", text, { _ in }, { [weak self] in self?.cluster?.showLogs(selecting: $0) })
    }

    /// Asks for the conditions that shown lines meet; they work while they are typed.
    func openLogFilter() {
        let before = logs.filter
        openPrompt(
            .filter, "show lines with", logs.filter.text, { [logs] in logs.setFilter($0) },
            { [weak self] text in
                guard let self, !logs.filterError.isEmpty else { return }
                toast("\(text): \(logs.filterError)", .warning)
                (logs.filterError, logs.filter) = ("", before)
            },
            { [logs] in (logs.filterError, logs.filter) = ("", before) })
    }

    /// Shows lines of a level and above: each time of a higher one, then all again.
    func raiseLogLevel() {
        let steps: [LogLevel?] = [nil, .debug, .info, .warning, .error]
        let place = steps.firstIndex { $0 == logs.filter.minimumLevel } ?? 0
        logs.filter.minimumLevel = steps[(place + 1) % steps.count]
        let text = logs.filter.minimumLevel.map { "lines of level \($0.name) and above; v goes on" } ?? "lines of any level"
        toast(text, .dim)
    }

    /// Asks which container's lines of a merge to show.
    func pickLogSource() {
        let items = logs.sources.enumerated().map { index, source in
            PaletteItem(id: "\(index)", title: source.label, detail: "\(source.target.pod)/\(source.target.container), \(source.state.word)")
        }
        pick("Lines of which container?", [PaletteItem(id: "", title: "all of them")] + items) { [logs] id in
            logs.filter.source = Int(id)
        }
    }

    /// What Esc does in the log pane; false when it has nothing to end there.
    func backInLogs() -> Bool {
        if logs.anchor != nil {
            logs.anchor = nil
        } else if !logs.search.isEmpty {
            logs.search = ""
        } else if !logs.filter.isEmpty {
            logs.filter = .everything
        } else if logs.merge != nil, let cluster {
            cluster.closeMerge()
        } else {
            return false
        }
        return true
    }
}
