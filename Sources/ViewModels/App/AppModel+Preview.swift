import APIMachinery
import KubeClient
import KubeSchemas

/// How many objects of a kind a cluster has.
enum KindCount: Sendable, Hashable {
    case known(Int)
    /// Why that is not known.
    case refused(String)
}

/// What the palette says of the entry under its cursor.
extension AppModel {
    func preview(_ item: PaletteItem) -> [[TextSpan]] {
        if item.id.hasPrefix("kind:") {
            return kinds.first { "kind:\($0.id)" == item.id }.map(preview) ?? []
        }
        if let view = namedViews.first(where: { "view:\($0.name)" == item.id }) {
            return [[TextSpan(view.name, .accent), TextSpan("  a saved view", .dim)], []]
                + view.text.split(separator: ";").map { [TextSpan(String($0.drop { $0 == " " }))] }
        }
        if let command = commands[item.id] { return preview(command, item) }
        return [[TextSpan(item.title, .accent)]]
    }

    /// A kind: what it is, and how many there are.
    func preview(_ kind: ServedKind) -> [[TextSpan]] {
        let resource = kind.resource
        var lines: [[TextSpan]] = [
            [TextSpan(kind.kind, .accent), TextSpan("  \(resource.group.isEmpty ? "" : "\(resource.group)/")\(resource.version)", .dim)]
        ]
        if !kind.shortNames.isEmpty { lines.append([TextSpan("also ", .dim), TextSpan(kind.shortNames.joined(separator: ", "))]) }
        lines.append([TextSpan(kind.isNamespaced ? "in \(scope.text)" : "in no namespace", .dim)])
        lines.append([])
        lines += counts(kind)
        let text = Self.documentation(kind)
        if !text.isEmpty { lines += [[], [TextSpan(text)]] }
        return lines
    }

    /// How many objects are shown and how they stand, where the table is at hand; else how many the server says there are.
    private func counts(_ kind: ServedKind) -> [[TextSpan]] {
        guard let table = kind.isPods ? pods : tables[kind.id], !table.layout.isEmpty, table.total > 0 || table.notice?.hasPrefix("no ") == true else {
            switch kindCounts[kind.id] {
            case .known(let count)?: return [[TextSpan(Self.number(count)), TextSpan(" in the cluster", .dim)]]
            case .refused(let reason)?: return [[TextSpan(reason, .warning)]]
            case nil:
                cluster?.count(kind)
                return [[TextSpan("counting", .dim)]]
            }
        }
        var lines: [[TextSpan]] = [[TextSpan(Self.number(table.total)), TextSpan(table.total == 1 ? " is shown" : " are shown", .dim)]]
        if !table.filter.isEmpty { lines.append([TextSpan("of which \(Self.number(table.count)) pass ", .dim), TextSpan("/\(table.filter)", .accent)]) }
        return lines
    }

    private static func number(_ count: Int) -> String {
        let digits = String(count)
        return String(digits.reversed().enumerated().flatMap { $0 > 0 && $0 % 3 == 0 ? [",", $1] : [$1] }.reversed())
    }

    private static func documentation(_ kind: ServedKind) -> String {
        let descriptor = builtinSchemas.resources.first { $0.gvr == kind.resource }
        let text = descriptor.flatMap { builtinSchemas.type(kind: $0.gvk)?.documentation } ?? ""
        return String(text.prefix(400))
    }

    /// A command: what it does to what, its keys, and why it cannot run.
    private func preview(_ command: Command, _ item: PaletteItem) -> [[TextSpan]] {
        var lines: [[TextSpan]] = [[TextSpan(command.title, .accent)]]
        if command.isDestructive { lines.append([TextSpan("takes something away; asks before it does", .warning)]) }
        lines.append([])
        if let reason = item.disabledReason {
            lines += [[TextSpan("cannot run now", .warning)], [TextSpan(reason)], []]
        } else if case .pane(let pane) = command.scope, pane == .pods || pane == .namespaces,
            let binding = focus == pane ? selectedBinding : selectedListBinding
        {
            lines += [[TextSpan("on ", .dim), TextSpan(binding.text)], []]
        }
        let keys = command.keys.joined(separator: "  ")
        lines.append([TextSpan(keys.isEmpty ? "no key" : keys, keys.isEmpty ? .dim : .normal), TextSpan("  \(command.section)", .dim)])
        lines.append([TextSpan(command.id, .dim)])
        return lines
    }
}
