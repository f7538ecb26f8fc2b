import APIMachinery
import JSONCore
import KubeSchemas
import LinuxKernel

/// What every object's description has.
extension DetailText {
    /// Who the object is, whose it is, and what is written on it.
    mutating func identity(_ object: KubeObject, now: Timestamp) {
        heading(object.kind)
        fact("name", object.name)
        if let namespace = object.namespace {
            fact("namespace", namespace)
            link("Namespace", namespace, namespace: nil)
        }
        fact("uid", object.uid, .dim)
        if object.apiVersion != "v1" { fact("version", object.apiVersion, .dim) }
        fact("created", object.creationTimestamp.map { "\($0.rfc3339), \(HumanDuration.text(now - $0)) ago" } ?? "")
        if let deletion = object.deletionTimestamp {
            let waiting = object.finalizers.isEmpty ? "" : ", waiting for \(object.finalizers.joined(separator: ", "))"
            fact("deleting", "since \(deletion.rfc3339)\(waiting)", .warning)
        } else if !object.finalizers.isEmpty {
            fact("finalizers", object.finalizers.joined(separator: ", "))
        }
        for owner in object.ownerReferences {
            fact("owner", "\(owner.kind) \(owner.name)\(owner.controller == true ? "" : ", not its controller")")
            link(DetailLink(binding: binding(owner, of: object)))
        }
        map("labels", object.labels)
        map("annotations", object.annotations.filter { $0.key != "kubectl.kubernetes.io/last-applied-configuration" })
    }

    /// An owner's binding. An owner may be cluster scoped; nothing in a reference says so but its kind.
    func binding(_ owner: OwnerReference, of object: KubeObject) -> ObjectBinding {
        let version = GroupVersion(apiVersion: owner.apiVersion)
        let known = version.flatMap { builtinSchemas.resource(kind: GroupVersionKind($0, kind: owner.kind)) }
        let namespace = known.map { $0.isNamespaced ? object.namespace : nil } ?? object.namespace
        return ObjectBinding(context: context, namespace: namespace, kind: owner.kind, name: owner.name, uid: owner.uid, resource: known?.gvr)
    }

    /// `status.conditions` as a table.
    mutating func conditions(_ object: KubeObject, now: Timestamp) {
        let conditions = object.array("status", "conditions").map { Condition($0) }
        guard !conditions.isEmpty else { return }
        heading("Conditions")
        let width = conditions.reduce(14) { max($0, $1.type.count + 2) }
        for condition in conditions {
            var spans = [TextSpan(condition.status, Self.tone(condition))]
            if let since = condition.lastTransitionTime { spans.append(TextSpan("  \(ContainerText.age(since, now))", .dim)) }
            if !condition.reason.isEmpty { spans.append(TextSpan("  \(condition.reason)")) }
            if !condition.message.isEmpty { spans.append(TextSpan("  \(condition.message)", .dim)) }
            fact(condition.type, spans, width: width)
        }
    }

    /// Conditions that name a trouble are good when they do not hold.
    private static func tone(_ condition: Condition) -> Tone {
        let words = ["Pressure", "Unavailable", "Failure", "Failed", "Degraded", "Stalled", "Terminating"]
        let isTrouble = words.contains { condition.type.contains($0) }
        switch condition.status {
        case "True": return isTrouble ? .error : .ok
        case "False": return isTrouble ? .ok : .warning
        default: return .warning
        }
    }

    /// The events about the object, which come oldest first, newest first; of those that cannot be read, why: `unread` as an ``ObjectSnapshot`` has it.
    mutating func events(_ events: [Event], unread: [String] = [], now: Timestamp) {
        let start = "events: "
        if events.isEmpty, let reason = unread.first(where: { $0.hasPrefix(start) })?.dropFirst(start.count) {
            return heading("Events", [TextSpan("  not read: \(reason)", .warning)])
        }
        heading("Events", [TextSpan(events.isEmpty ? "  none in the last hour" : ", newest first", .dim)])
        for event in events.reversed() { line(PodDescription.spans(event, now: now)) }
    }

    /// What could not be read.
    mutating func unread(_ texts: [String]) {
        guard !texts.isEmpty else { return }
        heading("Not read")
        for text in texts { line([TextSpan(text, .warning)]) }
    }

    /// Pods with their states, the troubled ones first; those of several namespaces with theirs.
    mutating func pods(_ objects: [KubeObject], _ title: String = "Pods", now: Timestamp) {
        let limit = 200
        let rows = objects.map { PodRow(Pod($0)) }.sorted { (Self.rank($0.tone), $0.namespace, $0.name) < (Self.rank($1.tone), $1.namespace, $1.name) }
        heading(title, [TextSpan(rows.isEmpty ? "  none" : "  \(rows.count)", .dim)])
        let isWide = Set(rows.map(\.namespace)).count > 1
        func name(_ row: PodRow) -> String { isWide ? "\(row.namespace)/\(row.name)" : row.name }
        let width = min(60, rows.prefix(limit).reduce(14) { max($0, name($1).count + 2) })
        for row in rows.prefix(limit) {
            var spans = [TextSpan("\(row.readyCount)/\(row.containerCount)  ", .dim), TextSpan(row.status, row.tone)]
            if row.restarts > 0 { spans.append(TextSpan("  \(row.restarts) restarts", .warning)) }
            if !row.node.isEmpty { spans.append(TextSpan("  on \(row.node)", .dim)) }
            fact(name(row), spans, width: width)
            link("Pod", row.name, namespace: row.namespace, uid: row.uid)
        }
        if rows.count > limit { line([TextSpan("and \(rows.count - limit) more", .dim)]) }
    }

    private static func rank(_ tone: Tone) -> Int {
        switch tone {
        case .error: 0
        case .warning: 1
        case .pending: 2
        default: 3
        }
    }

    /// Fields as YAML, for what has no layout of its own. Values are cut after `limit` lines.
    mutating func fields(_ title: String, _ value: JSONValue?, limit: Int = 2000) {
        guard let value, !value.isNull, value.objectValue?.isEmpty != true, value.arrayValue?.isEmpty != true else { return }
        heading(title)
        let text = YAML.encode(value).split(separator: "\n", omittingEmptySubsequences: false)
        for row in text.prefix(limit) where !row.isEmpty {
            guard let colon = row.firstIndex(of: ":") else {
                line([TextSpan(String(row))])
                continue
            }
            line([TextSpan(String(row[...colon]), .dim), TextSpan(Self.short(String(row[row.index(after: colon)...])))])
        }
        if text.count > limit { line([TextSpan("and \(text.count - limit) more lines: y shows the YAML", .dim)]) }
    }

    /// A LabelSelector in words.
    static func selector(_ value: JSONValue?) -> String {
        guard let value, let selector = try? LabelSelector(value: value) else { return "" }
        return selector.isEmpty ? "everything" : selector.description
    }

    /// Amounts in order of their names: `cpu 250m, memory 64Mi`.
    static func amounts(_ amounts: [String: Quantity]) -> String {
        amounts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.canonical)" }.joined(separator: ", ")
    }
}
