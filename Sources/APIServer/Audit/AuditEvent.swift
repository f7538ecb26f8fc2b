internal import APIMachinery
internal import JSONCore
internal import KubeClient
internal import LinuxKernel

/// One answered request as audit.k8s.io/v1 Event at level Metadata: who did what to which object, never what was sent or answered.
enum AuditEvent {
    /// A line of the audit log.
    static func line(
        id: String, _ request: APIRequest, _ kind: RequestKind, user: UserInfo, impersonated: UserInfo?, code: Int,
        annotations: [String: String], received: Timestamp, completed: Timestamp
    ) -> [UInt8] {
        var event = JSONObject()
        event.append(unchecked: "kind", value: "Event")
        event.append(unchecked: "apiVersion", value: "audit.k8s.io/v1")
        event.append(unchecked: "level", value: "Metadata")
        event.append(unchecked: "auditID", value: .string(id))
        event.append(unchecked: "stage", value: "ResponseComplete")
        event.append(unchecked: "requestURI", value: .string(address(request)))
        event.append(unchecked: "verb", value: .string(kind.verb))
        event.append(unchecked: "user", value: AccessReviews.userInfo(user))
        if let impersonated { event.append(unchecked: "impersonatedUser", value: AccessReviews.userInfo(impersonated)) }
        if let agent = request.userAgent { event.append(unchecked: "userAgent", value: .string(agent)) }
        if !kind.resource.isEmpty { event.append(unchecked: "objectRef", value: reference(kind)) }
        event.append(unchecked: "responseStatus", value: ["metadata": .object(JSONObject()), "code": .integer(Int64(code))])
        event.append(unchecked: "requestReceivedTimestamp", value: .string(received.rfc3339Micro))
        event.append(unchecked: "stageTimestamp", value: .string(completed.rfc3339Micro))
        var notes: JSONObject = ["authorization.k8s.io/decision": .string(code == 403 ? "forbid" : "allow")]
        for (key, value) in annotations.sorted(by: { $0.key < $1.key }) { notes[key] = .string(value) }
        event.append(unchecked: "annotations", value: .object(notes))
        return JSON.encode(.object(event))
    }

    private static func reference(_ kind: RequestKind) -> JSONValue {
        var reference: JSONObject = ["resource": .string(kind.resource)]
        for (field, text) in [
            ("namespace", kind.namespace), ("name", kind.name), ("apiGroup", kind.group), ("apiVersion", kind.version),
            ("subresource", kind.subresource),
        ] where !text.isEmpty {
            reference[field] = .string(text)
        }
        return .object(reference)
    }

    /// Path and query. What a command is given may be a secret, so it is left out.
    private static func address(_ request: APIRequest) -> String {
        let items = request.query.map { $0.name == "command" ? QueryItem($0.name, "-") : $0 }
        let text = items.isEmpty ? request.path : "\(request.path)?\(QueryItem.encode(items))"
        return text.utf8.count > 4096 ? String(decoding: text.utf8.prefix(4096), as: UTF8.self) : text
    }

    /// Whether a request is worth a line: what the cluster's own parts read, and their heartbeats and events, are not.
    static func isWorthwhile(_ kind: RequestKind, _ user: UserInfo) -> Bool {
        let isOwn =
            user.name == "system:apiserver" || user.name == "system:kube-scheduler" || user.name.hasPrefix("system:node:")
            || user.name.hasPrefix("system:serviceaccount:kube-system:")
        guard isOwn else { return true }
        return kind.isMutating && kind.resource != "leases" && kind.resource != "events" && kind.resource != "nodes"
    }
}
