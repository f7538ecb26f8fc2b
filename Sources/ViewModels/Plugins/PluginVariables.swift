import APIMachinery

/// What `$NAME` and the like stand for, taken when the key was pressed. The names are those of k9s.
package struct PluginVariables: Sendable, Hashable {
    /// Values by name, in upper case.
    package var values: [String: String]

    /// Variables with these values.
    package init(_ values: [String: String]) { self.values = values }

    /// What is under the cursor, and where.
    @MainActor init(_ app: AppModel, _ binding: ObjectBinding?, inputs: [String: String]) {
        values = [
            "CONTEXT": app.context.name, "CLUSTER": app.context.name, "USER": app.context.impersonated ?? "", "GROUPS": "",
            "NAMESPACE": binding?.namespace ?? app.namespace ?? "", "NAME": binding?.name ?? "", "FILTER": app.list.filter,
            "KUBECONFIG": app.preferences.kubeconfig ?? "", "POD": Self.pod(app, binding), "CONTAINER": Self.container(app, binding),
            "RESOURCE_GROUP": binding?.resource?.group ?? "", "RESOURCE_VERSION": binding?.resource?.version ?? "",
            "RESOURCE_NAME": binding?.resource?.resource ?? binding.map { "\($0.kind.lowercased())s" } ?? "",
        ]
        for (name, value) in app.selectedCells { values["COL-\(name.uppercased())"] = value }
        for (name, value) in inputs {
            values["INPUT_\(name.uppercased())"] = value
            values["INPUT-\(name.uppercased())"] = value
        }
    }

    @MainActor private static func pod(_ app: AppModel, _ binding: ObjectBinding?) -> String {
        if binding?.resource == .containers { return app.detail?.binding?.name ?? "" }
        return binding?.kind == "Pod" ? binding?.name ?? "" : ""
    }

    @MainActor private static func container(_ app: AppModel, _ binding: ObjectBinding?) -> String {
        if binding?.resource == .containers { return binding?.name ?? "" }
        return app.focus == .logs ? app.logs.target?.container ?? "" : ""
    }

    /// The value whose name stands at the start of a text after `$` or `$!`, and how long the name is; the longest name wins.
    func match(_ text: Substring) -> (name: String, length: Int)? {
        let upper = text.prefix(120).uppercased()
        var best: String?
        for name in values.keys where upper.hasPrefix(name) && name.count > best?.count ?? 0 {
            // `$NAMES` is not `$NAME` and an s.
            let next = upper.dropFirst(name.count).first
            if let next, next.isLetter || next.isNumber || next == "_" { continue }
            best = name
        }
        return best.map { ($0, $0.count) }
    }

    /// Nothing that means something to a shell, in any place, quoted or not; and no beginning that makes an option of it.
    static func isPlain(_ value: String) -> Bool {
        guard let first = value.utf8.first else { return true }
        guard first != UInt8(ascii: "-"), first != UInt8(ascii: "=") else { return false }
        return value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "._:/@%+=,-".utf8.contains(byte)
            }
        }
    }
}
