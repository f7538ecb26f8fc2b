import APIMachinery
import JSONCore

extension TableLayout {
    static let namespace = TableLayout("Name", "Status", "Age") { object, now in
        [.string(object.name), .string(Namespace(object).phase), .age(object, now)]
    }

    static let node = TableLayout(
        "Name", "Status", "Roles", "Age", "Version", "wide:Internal-IP", "wide:External-IP", "wide:OS-Image",
        "wide:Kernel-Version", "wide:Container-Runtime"
    ) { object, now in
        let node = Node(object)
        let status = node.status
        let info = status.nodeInfo
        func known(_ field: String) -> JSONValue {
            let text = info.text(field) ?? ""
            return .string(text.isEmpty ? "<unknown>" : text)
        }
        return [
            .string(object.name), .string(state(of: node)), .orNone(roles(of: node)), .age(object, now),
            .string(info.text("kubeletVersion") ?? ""), .orNone(status.address("InternalIP") ?? ""),
            .orNone(status.address("ExternalIP") ?? ""), known("osImage"), known("kernelVersion"), known("containerRuntimeVersion"),
        ]
    }

    static let lease = TableLayout("Name", "Holder", "Age") { object, now in
        [.string(object.name), .string(Lease(object).holderIdentity), .age(object, now)]
    }

    private static func state(of node: Node) -> String {
        let ready = node.status.conditions["Ready"]
        let state = ready.map { $0.isTrue ? "Ready" : "NotReady" } ?? "Unknown"
        return node.spec.unschedulable ? "\(state),SchedulingDisabled" : state
    }

    private static func roles(of node: Node) -> String {
        let prefix = "node-role.kubernetes.io/"
        var roles: Set<String> = []
        for (key, value) in node.labels {
            if key.hasPrefix(prefix), key.utf8.count > prefix.utf8.count { roles.insert(String(key.dropFirst(prefix.count))) }
            if key == "kubernetes.io/role", !value.isEmpty { roles.insert(value) }
        }
        return roles.sorted().joined(separator: ",")
    }
}
