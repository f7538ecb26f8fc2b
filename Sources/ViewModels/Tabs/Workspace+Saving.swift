import LinuxKernel

extension Workspace {
    /// Opens the tabs that were open when the context was left. The panes that are there already take the place that was shown.
    func restore() {
        guard let saving, tabs.count == 1, let first = tabs[0].tree.splits.first, let home = splits[first]?.app else { return }
        let found = SavedTabs(path: SavedTabs.path(stateDirectory: saving.directory, context: saving.context))
        saved = found
        guard let found, found.tabs.contains(where: { $0.root.places.count > 1 }) || found.tabs.count > 1 else { return }
        // What is asked at the start is asked in the panes that are there: they are what is looked at first.
        let order = [found.current] + found.tabs.indices.filter { $0 != found.current }
        var free: Int? = first
        var made: [Int: Tab] = [:]
        for index in order {
            var ids: [Int] = []
            let saved = found.tabs[index]
            guard let tree = tree(saved.root, &free, &ids, home) else { continue }
            let tab = Tab(id: newID(), split: first)
            tab.tree = tree
            tab.focus = tree.splits.indices.contains(saved.focus) && ids.count == saved.root.places.count ? tree.splits[saved.focus] : tree.splits[0]
            made[index] = tab
        }
        guard free == nil else { return forget(made) }
        tabs = made.sorted { $0.key < $1.key }.map(\.value)
        current = tabs.firstIndex { $0.tree.splits.contains(first) } ?? 0
        recent = [tab.focus]
    }

    /// A tab with new panes for a saved part; nil where none of its places can be shown.
    func makeTab(_ part: SavedTabs.Part, _ model: AppModel) -> Tab? {
        var (free, ids): (Int?, [Int]) = (nil, [])
        guard let tree = tree(part, &free, &ids, model), let first = tree.splits.first else { return nil }
        let tab = Tab(id: newID(), split: first)
        tab.tree = tree
        return tab
    }

    /// The panes for a saved part; the ones that are there are taken for the first place of their context.
    private func tree(_ part: SavedTabs.Part, _ free: inout Int?, _ ids: inout [Int], _ home: AppModel) -> SplitTree? {
        switch part {
        case .divided(let axis, let share, let one, let two):
            let first = tree(one, &free, &ids, home)
            let second = tree(two, &free, &ids, home)
            guard let first, let second else { return first ?? second }
            return .divided(axis, share: share, first, second)
        case .place(let place):
            if let id = free, place.contexts.isEmpty, place.context == home.context.name, let session = splits[id]?.session {
                free = nil
                ids.append(id)
                session.show(place)
                return .split(id)
            }
            let isKnown = { $0 == home.context.name || home.cluster?.contexts.contains($0) == true }
            var place = place
            if !place.contexts.isEmpty {
                // Rows are known by the places of their contexts.
                if !place.contexts.allSatisfy(isKnown) { place.uid = nil }
                place.contexts = place.contexts.filter(isKnown)
                place.context = place.contexts.first ?? ""
            }
            guard isKnown(place.context), let split = makePanes(place, like: home) else { return nil }
            ids.append(split.id)
            return .split(split.id)
        }
    }

    /// No saved place is of the context that is open: its panes stay alone.
    private func forget(_ made: [Int: Tab]) {
        for id in made.values.flatMap(\.tree.splits) { splits[id] = nil }
    }

    /// Keeps what is open. A failure is told once, and nothing else is lost by it.
    func save() {
        guard let saving else { return }
        let tabs = SavedTabs(self)
        guard tabs != saved ?? SavedTabs() else { return }
        saved = tabs
        do throws(SystemError) {
            try FileSystem.makeDirectories(saving.directory, mode: 0o700)
            try FileSystem.writeAtomically(SavedTabs.path(stateDirectory: saving.directory, context: saving.context), tabs.bytes, mode: 0o600)
        } catch {
            app?.hint("tabs", "the open tabs could not be kept: \(error)")
        }
    }
}

extension SavedTabs {
    /// What is open, without shells. One place alone is kept by ``SavedViews`` already.
    @MainActor init(_ workspace: Workspace) {
        self.init()
        for (index, tab) in workspace.tabs.enumerated() {
            guard let root = Self.part(tab.tree, workspace) else { continue }
            if index == workspace.current { current = tabs.count }
            let places = tab.tree.splits.filter { workspace.split($0)?.app != nil }
            tabs.append(Tab(root: root, focus: places.firstIndex(of: tab.focus) ?? 0))
        }
        current = min(current, max(0, tabs.count - 1))
        if tabs.count == 1, tabs[0].root.places.count == 1 { self.init() }
    }

    @MainActor static func part(_ tree: SplitTree, _ workspace: Workspace) -> Part? {
        switch tree {
        case .split(let id): return workspace.split(id).flatMap { split in split.place ?? split.app.map { SavedPlace($0) } }.map { .place($0) }
        case .divided(let axis, let share, let one, let two):
            guard let first = part(one, workspace) else { return part(two, workspace) }
            guard let second = part(two, workspace) else { return first }
            return .divided(axis, share: share, first, second)
        }
    }
}
