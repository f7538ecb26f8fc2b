import KubeClient

/// What comes back with a deleted object and what does not, in words.
enum RestoreText {
    /// So many objects are named one by one; of more only how many there are of each kind.
    private static let named = 12

    /// What comes back, the counts first.
    static func returning(_ outlook: RestoreOutlook) -> [String] {
        var lines = ["comes back: \(counts(outlook.items.map(\.kind)))"]
        let others = outlook.items.dropFirst()
        lines += others.prefix(named).map { "  \(title($0.kind, $0.namespace, $0.name))" }
        if others.count > named { lines.append("  and \(others.count - named) more") }
        let made = outlook.left.filter(\.isMadeAnew).map(\.kind)
        if !made.isEmpty { lines.append("made anew by itself: \(counts(made))") }
        return lines
    }

    /// What does not come back although nobody makes another one, those of one kind with one reason together.
    static func losses(_ outlook: RestoreOutlook) -> [String] {
        var groups: [(key: [String], left: [RestoreOutlook.Left])] = []
        for left in outlook.left where !left.isMadeAnew {
            let key = [left.kind, left.reason]
            if let index = groups.firstIndex(where: { $0.key == key }) { groups[index].left.append(left) } else { groups.append((key, [left])) }
        }
        let lines = groups.prefix(named).map { group in
            let first = group.left[0]
            let name = title(first.kind, first.namespace, first.name)
            return group.left.count == 1 ? "\(name): it \(first.reason)" : "\(name) and \(group.left.count - 1) more: each \(first.reason)"
        }
        return groups.count > named ? lines + ["and \(groups.count - named) other kinds of objects"] : lines
    }

    private static func counts(_ kinds: [String]) -> String {
        var counts: [(kind: String, count: Int)] = []
        for kind in kinds {
            if let index = counts.firstIndex(where: { $0.kind == kind }) { counts[index].count += 1 } else { counts.append((kind, 1)) }
        }
        return DeletionText.counts(counts)
    }

    private static func title(_ kind: String, _ namespace: String?, _ name: String) -> String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }
}
